import type { SurveyHandlers } from '../domain/broker.js'
import type { KeyDropper } from '../domain/token.js'
import type { SessionHandles } from '../realtime/session-handles.js'

export interface SurveyHandlersDeps {
  readonly handles: SessionHandles
  /** The connections of this process that registered for pushes; answers how many took the message. */
  readonly hub: { push(userId: string, event: string, message: string): number }
  /** The keys of this process. */
  readonly keys: KeyDropper
}

/** What this process does and answers when another one (or itself) asks all of them. */
export function createSurveyHandlers({ handles, hub, keys }: SurveyHandlersDeps): SurveyHandlers {
  return {
    sessions_ended: ({ sessions }) => ({ connectionsClosed: handles.end(sessions) }),
    push: ({ userId, event, message }) => ({ delivered: hub.push(userId, event, message) }),
    count_connections: ({ sessionIds }) => {
      const counts = sessionIds.map((id) => [id, handles.count(id)] as const)
      // Most sessions have nothing open in most processes: an id that is missing counts as none.
      return { bySession: Object.fromEntries(counts.filter(([, count]) => count > 0)) }
    },
    keys_burned: ({ keyIds }) => ({ dropped: keys.drop(keyIds) }),
  }
}
