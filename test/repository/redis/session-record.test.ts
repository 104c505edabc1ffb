import t from 'tap'
import type { NewSession } from '../../../src/domain/session.js'
import {
  checkRecord,
  RECORD_FIELDS,
  toEndReason,
  toHash,
  toSession,
  toSessionRecord,
  toTexts,
} from '../../../src/repository/redis/session-record.js'

const session: NewSession = {
  id: 's1',
  userId: 'u1',
  clientId: 'c1',
  method: 'oauth:github',
  userAgent: 'Browser',
  address: '::1',
  createdAt: 1_000,
  lastSeenAt: 1_500,
  idleExpiresAt: 2_000,
  expiresAt: 3_000,
  refreshHash: 'h',
  keyId: 'k',
}

/** What HMGET would answer for a hash. */
function replyOf(hash: readonly string[]): (string | null)[] {
  return RECORD_FIELDS.map((name) => {
    const at = hash.indexOf(name)
    return at < 0 ? null : (hash[at + 1] ?? null)
  })
}

await t.test('a session comes back as it was stored, without its token', async (t) => {
  const hash = toHash(session)
  t.ok(hash.includes('refreshHash'))
  const { refreshHash, keyId, ...expected } = session
  t.equal(refreshHash, 'h')
  t.equal(keyId, 'k')
  const record = toSessionRecord('s1', replyOf(hash))
  t.strictSame(record, { kind: 'session', alive: { alive: true, session: expected } })
})

await t.test('the idle end is never after the absolute end', async (t) => {
  const hash = toHash({ ...session, idleExpiresAt: 9_000 })
  t.equal(hash[hash.indexOf('idleExpiresAt') + 1], '3000')
})

await t.test('a hash without a session is unknown', async (t) => {
  t.strictSame(
    toSessionRecord(
      's1',
      RECORD_FIELDS.map(() => null),
    ),
    { kind: 'unknown' },
  )
  t.strictSame(toSessionRecord('s1', null), { kind: 'unknown' })
  t.equal(toSession('s1', []), null)
})

await t.test('checkRecord judges by the clock', async (t) => {
  const record = toSessionRecord('s1', replyOf(toHash(session)))
  t.match(checkRecord(record, 1_999), { alive: true, session: { id: 's1' } })
  for (const now of [2_000, 3_000]) {
    t.strictSame(checkRecord(record, now), { alive: false, reason: 'idle_timeout' })
  }
  const absolute = toSessionRecord('s1', replyOf(toHash({ ...session, idleExpiresAt: 3_000 })))
  t.match(checkRecord(absolute, 2_999), { alive: true })
  t.strictSame(checkRecord(absolute, 3_000), { alive: false, reason: 'expired' })
  const ended = toSessionRecord('s1', replyOf(['userId', 'u1', 'reason', 'user_frozen']))
  t.strictSame(ended, { kind: 'ended', userId: 'u1', reason: 'user_frozen' })
  t.strictSame(checkRecord(ended, 0), { alive: false, reason: 'user_frozen' })
  t.strictSame(checkRecord({ kind: 'unknown' }, 0), { alive: false, reason: null })
})

await t.test('replies are taken for what they are', async (t) => {
  t.strictSame(toTexts(['a', 1, null]), ['a', '1', null])
  t.strictSame(toTexts('a'), [])
  t.equal(toEndReason('logged_out'), 'logged_out')
  t.equal(toEndReason('unknown'), null)
})
