import type { SurveyHandlers } from '../domain/broker.js'
import type { AuthObservers } from '../realtime/auth-observers.js'
import type { SessionHandles } from '../realtime/session-handles.js'

export interface SurveyHandlersDeps {
  readonly handles: SessionHandles
  /** The open tabs of this process that want to hear of changes. */
  readonly observers: Pick<AuthObservers, 'tell'>
  /** The connections of this process that registered for pushes; answers how many took the message. */
  readonly hub: { push(userId: string, event: string, message: string): number }
}

/** What this process does and answers when another one (or itself) asks all of them. */
export function createSurveyHandlers({
  handles,
  observers,
  hub,
}: SurveyHandlersDeps): SurveyHandlers {
  return {
    sessions_ended: ({ sessions }) => {
      const connectionsClosed = handles.end(sessions)
      for (const userId of new Set(sessions.map((session) => session.userId))) {
        observers.tell({ type: 'sessions_changed', userId })
      }
      return { connectionsClosed }
    },
    auth_changed: ({ change }) => ({ told: observers.tell(change) }),
    push: ({ userId, event, message }) => ({ delivered: hub.push(userId, event, message) }),
    count_connections: ({ sessionIds }) => {
      const counts = sessionIds.map((id) => [id, handles.count(id)] as const)
      // Most sessions have nothing open in most processes: an id that is missing counts as none.
      return { bySession: Object.fromEntries(counts.filter(([, count]) => count > 0)) }
    },
  }
}
