import type {
  Revocation,
  RevocationLog,
  RevocationPage,
  RevocationPosition,
} from '../domain/revocation.js'
import type { EndedSession, SessionEndReason } from '../domain/session.js'
import type { SqliteConnection, SqlRow } from './sqlite-connection.js'
import type { SqliteStore } from './sqlite-store.js'

// An insert that only meets a conflict would use up a number, and a gap looks like something trimmed.
const INSERT =
  'INSERT INTO revocations (session_id, user_id, reason, ended_at) SELECT ?1, ?2, ?3, ?4 ' +
  'WHERE NOT EXISTS (SELECT 1 FROM revocations WHERE session_id = ?1)'
const COUNT_KNOWN =
  'SELECT count(*) AS known FROM revocations WHERE session_id IN (SELECT value FROM json_each(?))'
const SELECT_AFTER =
  'SELECT number, session_id, user_id, reason, ended_at FROM revocations ' +
  'WHERE number > ? ORDER BY number LIMIT ?'
const SELECT_SESSION = 'SELECT session_id FROM revocations WHERE number = ?'
const SELECT_EPOCH = 'SELECT epoch FROM revocation_epoch'
const SELECT_OLDEST = 'SELECT min(number) AS number FROM revocations'
const SELECT_NEWEST = "SELECT seq AS number FROM sqlite_sequence WHERE name = 'revocations'"
const SELECT_FIRST_SINCE =
  'SELECT number FROM revocations WHERE ended_at >= ? ORDER BY number LIMIT 1'
const DELETE_TO = 'DELETE FROM revocations WHERE number < ?'

/**
 * The log of ended sessions in the SQLite file. The session store of the same file writes each end into it in
 * the transaction that ends the session, so `append` finds everything done.
 */
export function createSqliteRevocationLog({ store }: { store: SqliteStore }): RevocationLog {
  return {
    async append(sessions, endedAt) {
      const ids = [...new Set(sessions.map(({ id }) => id))]
      const known = store.read((db) => db.prepare(COUNT_KNOWN).get(JSON.stringify(ids)))
      if (Number(known?.['known']) === ids.length) return
      await store.write((db) => {
        for (const session of sessions) writeRevocation(db, session, endedAt)
      })
    },
    read: async (after, limit) => store.read((db) => read(db, after, limit)),
    positionAt: async (since) => store.read((db) => positionAt(db, since)),
    trim: (before) =>
      store.write((db) => {
        const first = numberIn(db.prepare(SELECT_FIRST_SINCE).get(before)) ?? newest(db) + 1
        return db.prepare(DELETE_TO).run(first).changes
      }),
  }
}

/** Writes one end into the log, within the transaction of the caller; once for each session. */
export function writeRevocation(
  db: SqliteConnection,
  { id, userId, reason }: EndedSession,
  endedAt: number,
): void {
  db.prepare(INSERT).run(id, userId, reason, endedAt)
}

function read(
  db: SqliteConnection,
  after: RevocationPosition,
  limit: number,
): RevocationPage | null {
  const revocations = db.prepare(SELECT_AFTER).all(after.number, limit).map(toRevocation)
  // Checked after the reading: what was trimmed in between would show here.
  if (!isHeld(db, after)) return null
  const last = revocations.at(-1)
  const position = last ? { epoch: after.epoch, number: last.number, sessionId: last.id } : after
  return { revocations, position }
}

/** Whether everything after the position is still there. */
function isHeld(db: SqliteConnection, { epoch, number, sessionId }: RevocationPosition): boolean {
  if (epoch !== epochOf(db) || number > newest(db) || number < trimmedTo(db)) return false
  const there = sessionAt(db, number)
  return sessionId === '' || there === '' || there === sessionId
}

function positionAt(db: SqliteConnection, since: number): RevocationPosition {
  const first = numberIn(db.prepare(SELECT_FIRST_SINCE).get(since)) ?? newest(db) + 1
  return { epoch: epochOf(db), number: first - 1, sessionId: sessionAt(db, first - 1) }
}

function epochOf(db: SqliteConnection): string {
  return String(db.prepare(SELECT_EPOCH).get()?.['epoch'])
}

/** The highest number ever given; SQLite keeps it when the entries are gone. */
function newest(db: SqliteConnection): number {
  return numberIn(db.prepare(SELECT_NEWEST).get()) ?? 0
}

/** The highest number of what is gone. */
function trimmedTo(db: SqliteConnection): number {
  const oldest = numberIn(db.prepare(SELECT_OLDEST).get())
  return oldest === null ? newest(db) : oldest - 1
}

function sessionAt(db: SqliteConnection, number: number): string {
  return String(db.prepare(SELECT_SESSION).get(number)?.['session_id'] ?? '')
}

function numberIn(row: SqlRow | undefined): number | null {
  const value = row?.['number']
  return value === null || value === undefined ? null : Number(value)
}

function toRevocation(row: SqlRow): Revocation {
  return {
    number: Number(row['number']),
    id: String(row['session_id']),
    userId: String(row['user_id']),
    reason: String(row['reason']) as SessionEndReason,
    endedAt: Number(row['ended_at']),
  }
}
