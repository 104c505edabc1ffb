import type { SessionCheck } from '../domain/session.js'
import { timeoutReason } from './session-row.js'
import type { SqliteConnection, SqlValue } from './sqlite-connection.js'
import type { SqliteStore } from './sqlite-store.js'

const ENTRIES_MAX = 10_000
/** When a session was last seen may be this old in an answer; that it lives never is. */
const AGE_MS_MAX = 1_000
const SELECT_LOSSES = 'SELECT count FROM session_losses'

/**
 * Sessions that were found alive, believed as long as it is sure that nobody ended one since: no commit at all, or
 * none that the triggers on the table of sessions have counted. Every check asks that, so the end of a session holds
 * from the moment that its transaction returned, in every process.
 */
export interface SessionMemory {
  check(sessionId: string, now: number): SessionCheck
  forget(sessionIds: readonly string[]): void
}

export interface SessionMemoryDeps {
  readonly store: Pick<SqliteStore, 'read' | 'openMark'>
  /** Reads the session from the file. */
  readonly check: (db: SqliteConnection, sessionId: string, now: number) => SessionCheck
  /** How many sessions are remembered; replaced in tests. */
  readonly entriesMax?: number
}

interface Entry {
  readonly check: SessionCheck & { readonly alive: true }
  readonly readAt: number
}

export function createSessionMemory(deps: SessionMemoryDeps): SessionMemory {
  const { store, check, entriesMax = ENTRIES_MAX } = deps
  const entries = new Map<string, Entry>()
  const mark = store.openMark()
  /** As counted; null until it was read, and after a reading that failed. */
  let losses: SqlValue = null

  /** Forgets everything unless it is sure that nothing was lost since the last call. */
  function refresh(): void {
    const state = mark.ask()
    if (state === 'same' && losses !== null) return
    const before = losses
    losses = null
    const counted = store.read((db) => db.prepare(SELECT_LOSSES).values()?.[0]) ?? null
    if (state === 'unknown' || before === null || counted !== before) entries.clear()
    losses = counted
  }

  function keep(sessionId: string, entry: Entry): void {
    entries.delete(sessionId)
    entries.set(sessionId, entry)
    if (entries.size <= entriesMax) return
    const oldest = entries.keys().next()
    if (!oldest.done) entries.delete(oldest.value)
  }

  return {
    check(sessionId, now) {
      refresh()
      const entry = entries.get(sessionId)
      if (
        entry &&
        Math.abs(now - entry.readAt) < AGE_MS_MAX &&
        timeoutReason(entry.check.session, now) === null
      ) {
        return entry.check
      }
      // Read after the mark: what is committed in between makes the next call read again.
      const found = store.read((db) => check(db, sessionId, now))
      if (found.alive) keep(sessionId, { check: found, readAt: now })
      else entries.delete(sessionId)
      return found
    },
    forget(sessionIds) {
      for (const sessionId of sessionIds) entries.delete(sessionId)
    },
  }
}
