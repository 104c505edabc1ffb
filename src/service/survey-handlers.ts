import type { SurveyHandlers } from '../domain/broker.js'
import type { SessionStore } from '../domain/session.js'
import type { KeyDropper } from '../domain/token.js'
import type { AuthObservers } from '../realtime/auth-observers.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import type { UserDirectory } from './user-directory.js'

export interface SurveyHandlersDeps {
  readonly handles: SessionHandles
  readonly sessionStore: Pick<SessionStore, 'forget'>
  readonly userDirectory: Pick<UserDirectory, 'forget'>
  /** Whether nothing that is open here can outlive its session unnoticed at this moment. */
  readonly isSure: () => boolean
  /** The open tabs of this process that want to hear of changes. */
  readonly observers: Pick<AuthObservers, 'tell'>
  /** The connections of this process that registered for pushes; answers how many took the message. */
  readonly hub: { push(userId: string, event: string, message: string): number }
  /** Hears of writes of other processes where replicas may be stale; absent where nothing can be. */
  readonly noteWrite?: ((userIds: readonly string[] | null) => void) | null
  /** Who reads the log of ended sessions in this process: told that there is something new in it. */
  readonly revocations?: { nudge(): void }
  /** The keys of this process. */
  readonly keys: KeyDropper
}

/** What this process does and answers when another one (or itself) asks all of them. */
export function createSurveyHandlers(deps: SurveyHandlersDeps): SurveyHandlers {
  const { handles, observers, sessionStore, userDirectory } = deps
  const { isSure, hub, noteWrite, revocations, keys } = deps
  return {
    sessions_ended: ({ sessions }) => {
      // The store tells this process too, by another way, which may be the slower one.
      sessionStore.forget(sessions.map(({ id }) => id))
      const connectionsClosed = handles.end(sessions)
      revocations?.nudge()
      for (const userId of new Set(sessions.map((session) => session.userId))) {
        observers.tell({ type: 'sessions_changed', userId })
      }
      return { connectionsClosed }
    },
    auth_changed: ({ change }) => ({ told: observers.tell(change) }),
    push: ({ userId, event, message }) => ({
      delivered: isSure() ? hub.push(userId, event, message) : 0,
    }),
    count_connections: ({ sessionIds }) => {
      const counts = sessionIds.map((id) => [id, handles.count(id)] as const)
      // Most sessions have nothing open in most processes: an id that is missing counts as none.
      return { bySession: Object.fromEntries(counts.filter(([, count]) => count > 0)) }
    },
    users_changed: ({ userIds }) => {
      noteWrite?.(userIds)
      userDirectory.forget(userIds)
      return {}
    },
    keys_burned: ({ keyIds }) => ({ dropped: keys.drop(keyIds) }),
  }
}
