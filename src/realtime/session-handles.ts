import type { EndedSession } from '../domain/session.js'

/** Something open that lives by a session: a socket, a subscription, a stream. */
export interface SessionHandle {
  /** Called once when the session is over. Must not throw; must not wait. */
  end(ended: EndedSession): void
}

/**
 * The map from session to everything that is open because of it, in this process. "Connections" are counted
 * by handle.
 */
export interface SessionHandles {
  /** Registers a handle; the returned function takes it away again (safe to call twice). */
  attach(sessionId: string, handle: SessionHandle): () => void
  /** Ends every handle of the sessions; how many there were. */
  end(sessions: readonly EndedSession[]): number
  /** Open handles of one session. */
  count(sessionId: string): number
  /** Ids of all sessions with an open handle. */
  sessionIds(): readonly string[]
}
