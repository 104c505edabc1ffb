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
  /** Ends every handle of the sessions, as told; how many there were, those that were found just before among them. */
  end(sessions: readonly EndedSession[]): number
  /**
   * The same for sessions that were found to be over. The message that tells of the end may still be on its way: who
   * sent it is then answered as if it had come first.
   */
  endFound(sessions: readonly EndedSession[]): number
  /** Open handles of one session. */
  count(sessionId: string): number
  /** Ids of all sessions with an open handle. */
  sessionIds(): readonly string[]
}

/** How long a message may take that tells of an end, in milliseconds; far longer than anybody waits for its answer. */
const MESSAGE_MS_MAX = 5_000

/** An empty map. A session without a handle takes no memory. `now` in milliseconds, from any moment; replaced in tests. */
export function createSessionHandles(now: () => number = () => performance.now()): SessionHandles {
  const bySession = new Map<string, Set<SessionHandle>>()
  /** What was closed before anybody told of the end, oldest first. */
  const found = new Map<string, { readonly closed: number; readonly at: number }>()

  function close(ended: EndedSession): number {
    const open = bySession.get(ended.id)
    if (!open) return 0
    // Taken out first: a handle that detaches itself, or a second end, finds nothing left to do.
    bySession.delete(ended.id)
    const closed = open.size
    for (const handle of open) endOne(handle, ended)
    return closed
  }

  function takeFound(sessionId: string): number {
    const earlier = found.get(sessionId)
    found.delete(sessionId)
    return earlier && now() - earlier.at < MESSAGE_MS_MAX ? earlier.closed : 0
  }

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
      for (const ended of sessions) closed += close(ended) + takeFound(ended.id)
      return closed
    },
    endFound(sessions) {
      for (const [sessionId, { at }] of found) {
        if (now() - at < MESSAGE_MS_MAX) break
        found.delete(sessionId)
      }
      let closed = 0
      for (const ended of sessions) {
        const closedNow = close(ended)
        if (closedNow > 0) found.set(ended.id, { closed: closedNow, at: now() })
        closed += closedNow
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
