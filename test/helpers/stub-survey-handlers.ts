import type { SurveyHandlers } from '../../src/domain/broker.js'
import type { SurveyHandlersDeps } from '../../src/service/survey-handlers.js'

/** What a process answers that holds nothing; a test puts its own answers in place of these. */
export function stubSurveyHandlers(answers: Partial<SurveyHandlers> = {}): SurveyHandlers {
  return {
    sessions_ended: () => ({ connectionsClosed: 0 }),
    push: () => ({ delivered: 0 }),
    count_connections: () => ({ bySession: {} }),
    auth_changed: () => ({ told: 0 }),
    keys_burned: () => ({ dropped: 0 }),
    users_changed: () => ({}),
    ...answers,
  }
}

/** What the handlers of a process stand on that remembers nothing and doubts nothing. */
export const BARE_HANDLER_DEPS: Omit<SurveyHandlersDeps, 'handles'> = {
  hub: { push: () => 0 },
  sessionStore: { forget: () => undefined },
  userDirectory: { forget: () => undefined },
  keys: { drop: () => 0 },
  observers: { tell: () => 0 },
  isSure: () => true,
}
