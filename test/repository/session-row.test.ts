import t from 'tap'
import {
  applyPolicy,
  SESSION_COLUMNS,
  timeoutReason,
  toSession,
  toSessionFromValues,
  toSessionValues,
} from '../../src/repository/session-row.js'
import { sampleSession } from '../contract/sample-session.js'

await t.test('session row goes there and back', async (t) => {
  const { refreshHash, keyId, ...session } = sampleSession()
  const values = toSessionValues({ ...session, refreshHash, keyId })
  const columns = SESSION_COLUMNS.split(', ')
  t.equal(values.length, columns.length)
  const row = Object.fromEntries(columns.map((column, at) => [column, values[at] ?? null]))
  t.strictSame(toSession(row), session)
  t.strictSame(toSessionFromValues(values), session)
})

await t.test('session row never has its idle end after its end', async (t) => {
  const session = sampleSession({ idleExpiresAt: 20, expiresAt: 10 })
  t.equal(toSessionValues(session)[8], 10)
})

await t.test('timeout reason names the end that came first', async (t) => {
  const idle = { idleExpiresAt: 10, expiresAt: 20 }
  t.equal(timeoutReason(idle, 9), null)
  t.equal(timeoutReason(idle, 10), 'idle_timeout')
  t.equal(timeoutReason(idle, 30), 'idle_timeout')
  const both = { idleExpiresAt: 20, expiresAt: 20 }
  t.equal(timeoutReason(both, 19), null)
  t.equal(timeoutReason(both, 20), 'expired')
})

await t.test('policy says who gives way', async (t) => {
  t.match(applyPolicy({ mode: 'unlimited' }, 999), { refused: false, evicted: 0 })
  t.match(applyPolicy({ mode: 'single' }, 4), { evicted: 4, reason: 'signed_in_elsewhere' })
  const evict = { mode: 'limit', limit: 3, onLimit: 'evict-oldest' } as const
  t.match(applyPolicy(evict, 2), { refused: false, evicted: 0 })
  t.match(applyPolicy(evict, 3), { evicted: 1, reason: 'session_limit' })
  t.match(applyPolicy(evict, 5), { evicted: 3 })
  t.match(applyPolicy({ ...evict, limit: 0 }, 0), { refused: false, evicted: 0 })
  const refuse = { mode: 'limit', limit: 3, onLimit: 'refuse' } as const
  t.match(applyPolicy(refuse, 2), { refused: false })
  t.match(applyPolicy(refuse, 3), { refused: true })
})
