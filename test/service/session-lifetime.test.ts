import t from 'tap'
import type { Session } from '../../src/domain/session.js'
import { idleExpiryAfter } from '../../src/service/session-lifetime.js'

const SESSION: Session = {
  id: 'session-1',
  userId: 'user-1',
  clientId: 'laptop',
  method: 'password',
  userAgent: '',
  address: '',
  createdAt: 0,
  lastSeenAt: 1000,
  idleExpiresAt: 61_000,
  expiresAt: 100_000,
}

await t.test('idleExpiryAfter keeps the idle time of the session', async (t) => {
  t.equal(idleExpiryAfter(SESSION, 10_000, 3600), 70_000)
})

await t.test('idleExpiryAfter never goes past the absolute end', async (t) => {
  t.equal(idleExpiryAfter(SESSION, 50_000, 3600), 100_000)
  const last = { ...SESSION, lastSeenAt: 50_000, idleExpiresAt: 100_000 }
  t.equal(idleExpiryAfter(last, 60_000, 3600), 100_000)
})

await t.test('idleExpiryAfter follows a longest idle time that was lowered', async (t) => {
  t.equal(idleExpiryAfter(SESSION, 10_000, 30), 40_000)
})
