import type { SurveyHandlers } from '../../src/domain/broker.js'
import { createClientRegistry } from '../../src/realtime/client-registry.js'
import { createReceiptLog } from '../../src/realtime/receipt-log.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers, type SurveyHandlersDeps } from '../../src/service/survey-handlers.js'

/** What a process answers where nothing is open; a test puts its own answers in place of these. */
export function stubSurveyHandlers(answers: Partial<SurveyHandlers> = {}): SurveyHandlers {
  return { ...createSurveyHandlers(surveyDeps()), ...answers }
}

/** What a process consists of where nothing is open, remembered or in doubt, with some parts replaced. */
export function surveyDeps(own: Partial<SurveyHandlersDeps> = {}): SurveyHandlersDeps {
  return {
    processId: 'process-1',
    handles: createSessionHandles(),
    observers: { tell: () => 0 },
    hub: { deliver: () => ({ written: 0, queued: 0, dropped: 0 }), drop: () => 0 },
    clients: createClientRegistry(),
    channels: { isOpen: () => false, channelCount: () => 0, subscriptionCount: () => 0 },
    receipts: createReceiptLog(),
    emulation: { receive: () => false },
    sessionStore: { forget: () => undefined },
    userDirectory: { forget: () => undefined },
    keys: { drop: () => 0 },
    isSure: () => true,
    ...own,
  }
}
