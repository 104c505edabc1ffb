import type {
  EndedSession,
  NewSession,
  RotateOutcome,
  RotateRequest,
  Session,
  SessionCheck,
  SessionEndReason,
  SessionPolicy,
  SessionSelector,
  SessionStore,
} from '../domain/session.js'
import { AppError } from '../errors/app-error.js'
import { createSessionMemory } from './sqlite-session-memory.js'
import {
  applyPolicy,
  SESSION_COLUMNS,
  timeoutReason,
  toSession,
  toSessionFromValues,
  toSessionValues,
} from './session-row.js'
import type { SqliteConnection, SqlRow, SqlValue } from './sqlite-connection.js'
import { writeRevocation } from './sqlite-revocation-log.js'
import type { SqliteStore } from './sqlite-store.js'

/** How long the store remembers why a session ended: 24 hours. */
export const END_REASON_RETENTION_MS = 24 * 60 * 60 * 1000
const LIST_MAX = 1000

const LIVE = 'idle_expires_at > ? AND expires_at > ?'
const SELECT_ONE = `SELECT ${SESSION_COLUMNS} FROM sessions WHERE id = ?`
const SELECT_TO_ROTATE =
  `SELECT ${SESSION_COLUMNS}, refresh_hash, previous_hash, rotated_at, rotated_by, sealed_pair ` +
  'FROM sessions WHERE id = ?'
const SELECT_REASON = 'SELECT reason FROM ended_sessions WHERE id = ?'
const SELECT_LIVE_OF_USER =
  `SELECT id, user_id, client_id FROM sessions WHERE user_id = ? AND ${LIVE} ` +
  'ORDER BY created_at, seq'
const SELECT_LIVE_OF_KEY = `SELECT id, user_id FROM sessions WHERE key_id = ? AND ${LIVE}`
const SELECT_LIST =
  `SELECT ${SESSION_COLUMNS} FROM sessions WHERE user_id = ? AND ${LIVE} ` +
  `ORDER BY created_at DESC, seq DESC LIMIT ${LIST_MAX}`
// The newest LIST_MAX of each user, as SELECT_LIST gives them, in one statement for any number of users.
const SELECT_LISTS =
  `SELECT ${SESSION_COLUMNS} FROM (SELECT s.*, row_number() OVER ` +
  '(PARTITION BY user_id ORDER BY created_at DESC, seq DESC) AS place ' +
  `FROM json_each(?) AS asked JOIN sessions AS s ON s.user_id = asked.value WHERE ${LIVE}) ` +
  `WHERE place <= ${LIST_MAX} ORDER BY user_id, place`
const INSERT =
  `INSERT INTO sessions (${SESSION_COLUMNS}, refresh_hash, key_id) ` +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
const ROTATE =
  'UPDATE sessions SET previous_hash = refresh_hash, refresh_hash = ?, key_id = ?, rotated_at = ?, ' +
  'rotated_by = ?, sealed_pair = ?, last_seen_at = max(last_seen_at, ?), ' +
  'idle_expires_at = max(idle_expires_at, min(?, expires_at)) WHERE id = ?'
const TOUCH =
  'UPDATE sessions SET last_seen_at = max(last_seen_at, ?), ' +
  `idle_expires_at = max(idle_expires_at, min(?, expires_at)) WHERE id = ? AND ${LIVE}`
const DELETE_ONE = 'DELETE FROM sessions WHERE id = ?'
const REMEMBER =
  'INSERT OR REPLACE INTO ended_sessions (id, user_id, reason, ended_at) VALUES (?, ?, ?, ?)'
// A list of any length is one JSON parameter, so the statement stays the same and stays prepared.
const FIND_OVER =
  'SELECT asked.value AS id, s.user_id, s.idle_expires_at, s.expires_at, ' +
  'ended.user_id AS ended_user_id, ended.reason FROM json_each(?) AS asked ' +
  'LEFT JOIN sessions AS s ON s.id = asked.value ' +
  'LEFT JOIN ended_sessions AS ended ON ended.id = asked.value ' +
  'WHERE s.id IS NULL OR s.idle_expires_at <= ? OR s.expires_at <= ?'
// `idle_expires_at` is never after `expires_at`, so its index finds every session past either end.
const SELECT_EXPIRED =
  `SELECT ${SESSION_COLUMNS} FROM sessions WHERE idle_expires_at <= ? ` +
  'ORDER BY idle_expires_at LIMIT ?'
const FORGET =
  'DELETE FROM ended_sessions WHERE id IN ' +
  '(SELECT id FROM ended_sessions WHERE ended_at <= ? ORDER BY ended_at LIMIT ?)'

/**
 * Sessions in the SQLite file. A session that ended leaves its reason behind for 24 hours, and an entry in the
 * log of ended sessions, written in the transaction that ended it.
 */
export function createSqliteSessionStore({
  store,
}: {
  readonly store: Pick<SqliteStore, 'read' | 'write' | 'openMark'>
}): SessionStore {
  const memory = createSessionMemory({ store, check })
  return {
    create: (session, policy) => store.write((db) => create(db, session, policy)),
    check: async (sessionId, now) => memory.check(sessionId, now),
    async rotate(request) {
      const outcome = await store.write((db) => rotate(db, request))
      memory.forget([request.sessionId])
      return outcome
    },
    async touch(sessionId, seenAt, idleExpiresAt) {
      await store.write((db) => {
        db.prepare(TOUCH).run(seenAt, idleExpiresAt, sessionId, seenAt, seenAt)
      })
      memory.forget([sessionId])
    },
    end: (selector, reason, now) => store.write((db) => end(db, selector, reason, now)),
    listByUser: async (userId, now) =>
      store.read((db) => db.prepare(SELECT_LIST).all(userId, now, now).map(toSession)),
    // An end and its entry in the log are one transaction.
    handOverEnds: async () => 0,
    forget: (sessionIds) => memory.forget(sessionIds),
    listByUsers: async (userIds, now) =>
      store.read((db) => {
        const asked = JSON.stringify([...new Set(userIds)])
        return groupByUser(db.prepare(SELECT_LISTS).all(asked, now, now).map(toSession))
      }),
    findOver: async (sessionIds, now) => store.read((db) => findOver(db, sessionIds, now)),
    deleteExpired: (now, limit) => store.write((db) => deleteExpired(db, now, limit)),
  }
}

function groupByUser(sessions: readonly Session[]): ReadonlyMap<string, readonly Session[]> {
  const byUser = new Map<string, Session[]>()
  for (const session of sessions) {
    const list = byUser.get(session.userId)
    if (list) list.push(session)
    else byUser.set(session.userId, [session])
  }
  return byUser
}

function create(db: SqliteConnection, session: NewSession, policy: SessionPolicy): EndedSession[] {
  const now = session.createdAt
  const live = selectLive(db, session.userId, now)
  const decision = applyPolicy(policy, live.length)
  if (decision.refused) {
    throw new AppError(
      'RESOURCE_EXHAUSTED',
      'session_limit',
      'Signed in on too many devices; sign out on one of them first.',
    )
  }
  const displaced = live.slice(0, decision.evicted)
  const ended = displaced.map(({ id, userId }) => endOne(db, id, userId, decision.reason, now))
  db.prepare(INSERT).run(...toSessionValues(session), session.refreshHash, session.keyId)
  return ended
}

function check(db: SqliteConnection, sessionId: string, now: number): SessionCheck {
  const values = db.prepare(SELECT_ONE).values(sessionId)
  if (!values) return { alive: false, reason: rememberedReason(db, sessionId) }
  const session = toSessionFromValues(values)
  const reason = timeoutReason(session, now)
  return reason === null ? { alive: true, session } : { alive: false, reason }
}

function rotate(db: SqliteConnection, request: RotateRequest): RotateOutcome {
  const { sessionId, presentedHash, now } = request
  const row = db.prepare(SELECT_TO_ROTATE).get(sessionId)
  if (!row) return { outcome: 'over', reason: rememberedReason(db, sessionId) }
  const session = toSession(row)
  const reason = timeoutReason(session, now)
  if (reason !== null) return { outcome: 'over', reason }

  if (presentedHash === row['refresh_hash']) {
    db.prepare(ROTATE).run(
      request.nextHash,
      request.nextKeyId,
      now,
      request.clientId,
      request.sealedPair,
      now,
      request.idleExpiresAt,
      sessionId,
    )
    return { outcome: 'rotated' }
  }
  const sealedPair = replayablePair(row, request)
  if (sealedPair !== null) return { outcome: 'replayed', sealedPair }
  const ended = endOne(db, sessionId, session.userId, 'reuse_detected', now)
  return { outcome: 'reused', ended }
}

/**
 * The pair of the last rotation, for the token that it replaced, before the window is over, and for the
 * client that rotated: had a thief rotated first, the owner's attempt is what gives the theft away.
 */
function replayablePair(row: SqlRow, request: RotateRequest): string | null {
  const { previous_hash, rotated_at, rotated_by, sealed_pair } = row
  const replayable =
    previous_hash === request.presentedHash &&
    rotated_by === request.clientId &&
    request.now < Number(rotated_at) + request.replayWindowMs
  return replayable && typeof sealed_pair === 'string' ? sealed_pair : null
}

function end(
  db: SqliteConnection,
  selector: SessionSelector,
  reason: SessionEndReason,
  now: number,
): EndedSession[] {
  return selectMatching(db, selector, now).map(({ id, userId }) =>
    endOne(db, id, userId, reason, now),
  )
}

function selectMatching(
  db: SqliteConnection,
  selector: SessionSelector,
  now: number,
): readonly SessionOwner[] {
  switch (selector.by) {
    case 'session':
      return selectLiveById(db, selector.sessionId, selector.userId, now)
    case 'user':
      return selectLive(db, selector.userId, now).filter(
        ({ id }) => id !== selector.exceptSessionId,
      )
    case 'client':
      return selectLive(db, selector.userId, now).filter(
        ({ clientId }) => clientId === selector.clientId,
      )
    case 'key':
      return db.prepare(SELECT_LIVE_OF_KEY).all(selector.keyId, now, now).map(toOwner)
  }
}

function findOver(
  db: SqliteConnection,
  sessionIds: readonly string[],
  now: number,
): EndedSession[] {
  const asked = JSON.stringify([...new Set(sessionIds)])
  return db
    .prepare(FIND_OVER)
    .all(asked, now, now)
    .map((row) => ({
      id: String(row['id']),
      userId: String(row['user_id'] ?? row['ended_user_id'] ?? ''),
      reason: overReason(row, now),
    }))
}

/** One that nothing is known of any more ended long ago; `expired` is what its owner can act on. */
function overReason(row: SqlRow, now: number): SessionEndReason {
  const remembered = toReason(row['reason'])
  if (remembered !== null) return remembered
  if (row['user_id'] === null) return 'expired'
  const idleExpiresAt = Number(row['idle_expires_at'])
  return timeoutReason({ idleExpiresAt, expiresAt: Number(row['expires_at']) }, now) ?? 'expired'
}

function deleteExpired(db: SqliteConnection, now: number, limit: number): number {
  const expired = db.prepare(SELECT_EXPIRED).all(now, limit).map(toSession)
  for (const session of expired) {
    const reason = timeoutReason(session, now) ?? 'expired'
    forgetSession(db, { id: session.id, userId: session.userId, reason }, session.idleExpiresAt)
  }
  const forgotten = db.prepare(FORGET).run(now - END_REASON_RETENTION_MS, limit - expired.length)
  return expired.length + forgotten.changes
}

function selectLive(
  db: SqliteConnection,
  userId: string,
  now: number,
): (SessionOwner & Pick<Session, 'clientId'>)[] {
  return db
    .prepare(SELECT_LIVE_OF_USER)
    .all(userId, now, now)
    .map((row) => ({ ...toOwner(row), clientId: String(row['client_id']) }))
}

function selectLiveById(
  db: SqliteConnection,
  sessionId: string,
  userId: string | undefined,
  now: number,
): SessionOwner[] {
  const found = check(db, sessionId, now)
  if (!found.alive || (userId !== undefined && found.session.userId !== userId)) return []
  return [{ id: found.session.id, userId: found.session.userId }]
}

type SessionOwner = Pick<Session, 'id' | 'userId'>

function toOwner(row: SqlRow): SessionOwner {
  return { id: String(row['id']), userId: String(row['user_id']) }
}

function endOne(
  db: SqliteConnection,
  id: string,
  userId: string,
  reason: SessionEndReason,
  endedAt: number,
): EndedSession {
  const ended: EndedSession = { id, userId, reason }
  forgetSession(db, ended, endedAt)
  writeRevocation(db, ended, endedAt)
  return ended
}

/** Only the reason stays behind. */
function forgetSession(db: SqliteConnection, ended: EndedSession, endedAt: number): void {
  db.prepare(DELETE_ONE).run(ended.id)
  db.prepare(REMEMBER).run(ended.id, ended.userId, ended.reason, endedAt)
}

function rememberedReason(db: SqliteConnection, sessionId: string): SessionEndReason | null {
  return toReason(db.prepare(SELECT_REASON).get(sessionId)?.['reason'])
}

function toReason(value: SqlValue | undefined): SessionEndReason | null {
  return typeof value === 'string' ? (value as SessionEndReason) : null
}
