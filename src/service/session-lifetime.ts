import type { Session } from '../domain/session.js'

/**
 * Until when a session seen at `now` may stay idle, in milliseconds since the epoch: as long as it could
 * before, at most `idleSecondsMax`, and never past its absolute end. A session that is not remembered keeps
 * its shorter idle time this way.
 */
export function idleExpiryAfter(session: Session, now: number, idleSecondsMax: number): number {
  const idleMs = Math.min(session.idleExpiresAt - session.lastSeenAt, idleSecondsMax * 1000)
  return Math.min(now + idleMs, session.expiresAt)
}
