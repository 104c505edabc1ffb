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

/** An empty map. A session without a handle takes no memory. */
export function createSessionHandles(): SessionHandles {
  const bySession = new Map<string, Set<SessionHandle>>()
  return {
    attach(sessionId, handle) {
      const open = bySession.get(sessionId) ?? new Set()
      bySession.set(sessionId, open)
      // A wrapper of its own for each call, so that one handle attached twice counts twice.
      const entry: SessionHandle = { end: (ended) => handle.end(ended) }
      open.add(entry)
      return () => {
        open.delete(entry)
        // The set may have been replaced by a later one after the session's handles were ended.
        if (open.size === 0 && bySession.get(sessionId) === open) bySession.delete(sessionId)
      }
    },
    end(sessions) {
      let closed = 0
      for (const ended of sessions) {
        const open = bySession.get(ended.id)
        if (!open) continue
        // Taken out first: a handle that detaches itself, or a second end, finds nothing left to do.
        bySession.delete(ended.id)
        closed += open.size
        for (const handle of open) endOne(handle, ended)
      }
      return closed
    },
    count: (sessionId) => bySession.get(sessionId)?.size ?? 0,
    sessionIds: () => [...bySession.keys()],
  }
}

/** A handle that breaks its promise and throws must not keep the others open. */
function endOne(handle: SessionHandle, ended: EndedSession): void {
  try {
    handle.end(ended)
  } catch {
    // Its owner logs its own failures; the session is over whether or not this line closed cleanly.
  }
}
