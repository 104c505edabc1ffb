import type {
  NewSession,
  Session,
  SessionEndReason,
  SessionPolicy,
  SignInMethod,
} from '../domain/session.js'
import type { SqlRow, SqlValue } from './sqlite-connection.js'

/** The columns of a session as callers see it, in the order of SELECT and INSERT. */
export const SESSION_COLUMNS =
  'id, user_id, client_id, method, user_agent, address, ' +
  'created_at, last_seen_at, idle_expires_at, expires_at'

/** The values of SESSION_COLUMNS. */
export function toSessionValues(session: NewSession): SqlValue[] {
  return [
    session.id,
    session.userId,
    session.clientId,
    session.method,
    session.userAgent,
    session.address,
    session.createdAt,
    session.lastSeenAt,
    Math.min(session.idleExpiresAt, session.expiresAt),
    session.expiresAt,
  ]
}

export function toSession(row: SqlRow): Session {
  return {
    id: String(row['id']),
    userId: String(row['user_id']),
    clientId: String(row['client_id']),
    method: String(row['method']) as SignInMethod,
    userAgent: String(row['user_agent']),
    address: String(row['address']),
    createdAt: Number(row['created_at']),
    lastSeenAt: Number(row['last_seen_at']),
    idleExpiresAt: Number(row['idle_expires_at']),
    expiresAt: Number(row['expires_at']),
  }
}

/** The same from the values of SESSION_COLUMNS in their order, for the read that every request makes. */
export function toSessionFromValues(values: readonly SqlValue[]): Session {
  // By index: taking an array apart runs its iterator.
  return {
    id: String(values[0]),
    userId: String(values[1]),
    clientId: String(values[2]),
    method: String(values[3]) as SignInMethod,
    userAgent: String(values[4]),
    address: String(values[5]),
    createdAt: Number(values[6]),
    lastSeenAt: Number(values[7]),
    idleExpiresAt: Number(values[8]),
    expiresAt: Number(values[9]),
  }
}

/**
 * Why a session with these ends is over at `now`, or null while it lives. A session that was idle until its
 * absolute end is `expired`; one that was idle before that stays `idle_timeout` afterwards.
 */
export function timeoutReason(
  session: { readonly idleExpiresAt: number; readonly expiresAt: number },
  now: number,
): 'idle_timeout' | 'expired' | null {
  if (session.idleExpiresAt < session.expiresAt) {
    return now >= session.idleExpiresAt ? 'idle_timeout' : null
  }
  return now >= session.expiresAt ? 'expired' : null
}

/** What the policy says about one more session beside `live` others. */
export function applyPolicy(
  policy: SessionPolicy,
  live: number,
): { refused: true } | { refused: false; evicted: number; reason: SessionEndReason } {
  switch (policy.mode) {
    case 'unlimited':
      return { refused: false, evicted: 0, reason: 'session_limit' }
    case 'single':
      return { refused: false, evicted: live, reason: 'signed_in_elsewhere' }
    case 'limit': {
      const evicted = Math.max(live + 1 - policy.limit, 0)
      if (evicted > 0 && policy.onLimit === 'refuse') return { refused: true }
      return { refused: false, evicted: Math.min(evicted, live), reason: 'session_limit' }
    }
  }
}
