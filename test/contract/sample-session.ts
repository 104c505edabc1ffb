import { randomUUID } from 'node:crypto'
import type { NewSession, RotateRequest, SessionPolicy } from '../../src/domain/session.js'

/** The instant at which the sample sessions begin. */
export const T0 = Date.UTC(2026, 0, 1)
export const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE
export const UNLIMITED: SessionPolicy = { mode: 'unlimited' }

/** A session that begins at T0, may be idle for an hour and ends after a day. */
export function sampleSession(overrides: Partial<NewSession> = {}): NewSession {
  return {
    id: randomUUID(),
    userId: 'user-1',
    clientId: 'client-1',
    method: 'password',
    userAgent: 'Browser/1.0',
    address: '192.0.2.1',
    createdAt: T0,
    lastSeenAt: T0,
    idleExpiresAt: T0 + 60 * MINUTE,
    expiresAt: T0 + DAY,
    refreshHash: 'hash-0',
    keyId: 'key-0',
    ...overrides,
  }
}

/** The first rotation of that session, a minute after its begin, with a window of 10 s. */
export function rotation(sessionId: string, overrides: Partial<RotateRequest> = {}): RotateRequest {
  return {
    sessionId,
    presentedHash: 'hash-0',
    nextHash: 'hash-1',
    nextKeyId: 'key-0',
    clientId: 'client-1',
    sealedPair: 'sealed-1',
    now: T0 + MINUTE,
    idleExpiresAt: T0 + 61 * MINUTE,
    expiresAt: T0 + DAY,
    replayWindowMs: 10_000,
    ...overrides,
  }
}
