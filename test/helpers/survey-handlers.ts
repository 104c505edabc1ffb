import type { SurveyHandlers } from '../../src/domain/broker.js'
import { createClientRegistry } from '../../src/realtime/client-registry.js'
import { createReceiptLog } from '../../src/realtime/receipt-log.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers, type SurveyHandlersDeps } from '../../src/service/survey-handlers.js'

/** The handlers of a process where nothing is open, with some replaced. */
export function surveyHandlers(own: Partial<SurveyHandlers> = {}): SurveyHandlers {
  return { ...createSurveyHandlers(surveyDeps()), ...own }
}

/** What a process consists of where nothing is open, with some parts replaced. */
export function surveyDeps(own: Partial<SurveyHandlersDeps> = {}): SurveyHandlersDeps {
  return {
    processId: 'process-1',
    handles: createSessionHandles(),
    hub: { deliver: () => ({ written: 0, queued: 0, dropped: 0 }), drop: () => 0 },
    clients: createClientRegistry(),
    channels: { isOpen: () => false, channelCount: () => 0, subscriptionCount: () => 0 },
    receipts: createReceiptLog(),
    emulation: { receive: () => false },
    ...own,
  }
}
