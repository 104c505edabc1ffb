import { join } from 'node:path'
import t from 'tap'
import { createSqliteRevocationLog } from '../../src/repository/sqlite-revocation-log.js'
import { createSqliteSessionStore } from '../../src/repository/sqlite-session-store.js'
import { checkRevocationLog } from '../contract/revocation-log-contract.js'
import { sampleSession, T0 } from '../contract/sample-session.js'
import { openTestStore } from './open-test-store.js'

const UNLIMITED = { mode: 'unlimited' } as const

await t.test('sqlite revocation log keeps the contract', async (t) => {
  await checkRevocationLog(t, async (t) =>
    createSqliteRevocationLog({ store: await openTestStore(t) }),
  )
})

await t.test('sqlite session store writes each end into the log by itself', async (t) => {
  const store = await openTestStore(t)
  const sessions = createSqliteSessionStore({ store })
  const log = createSqliteRevocationLog({ store })
  const start = await log.positionAt(0)
  const [one, displaced, latest, reused] = [
    sampleSession({ userId: 'ann' }),
    sampleSession({ userId: 'bob' }),
    sampleSession({ userId: 'bob' }),
    sampleSession({ userId: 'eve', refreshHash: 'current' }),
  ]
  for (const session of [one, displaced, reused]) await sessions.create(session, UNLIMITED)
  await sessions.end({ by: 'user', userId: 'ann' }, 'password_changed', T0 + 1)
  await sessions.create(latest, { mode: 'single' })
  await sessions.rotate({
    ...{ sessionId: reused.id, presentedHash: 'stolen', nextHash: 'next', clientId: 'c' },
    ...{ sealedPair: '', now: T0 + 3, idleExpiresAt: T0 + 4, replayWindowMs: 0 },
    ...{ nextKeyId: 'k', expiresAt: T0 + 4 },
  })
  const page = await log.read(start, 10)
  t.match(page?.revocations, [
    { id: one.id, userId: 'ann', reason: 'password_changed', endedAt: T0 + 1 },
    { id: displaced.id, userId: 'bob', reason: 'signed_in_elsewhere' },
    { id: reused.id, userId: 'eve', reason: 'reuse_detected', endedAt: T0 + 3 },
  ])
  t.equal(page?.revocations.length, 3)
})

await t.test('a session that runs out by the clock is not in the log', async (t) => {
  const store = await openTestStore(t)
  const sessions = createSqliteSessionStore({ store })
  const log = createSqliteRevocationLog({ store })
  const session = sampleSession()
  await sessions.create(session, UNLIMITED)
  t.equal(await sessions.deleteExpired(session.expiresAt + 1, 10), 1)
  t.match(await sessions.check(session.id, session.expiresAt + 1), { reason: 'idle_timeout' })
  t.strictSame((await log.read(await log.positionAt(0), 10))?.revocations, [])
})

await t.test('sqlite revocation log is one for all processes on the file', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const one = createSqliteRevocationLog({ store: await openTestStore(t, file) })
  const two = createSqliteRevocationLog({ store: await openTestStore(t, file) })
  const start = await two.positionAt(0)
  await one.append([{ id: 'a', userId: 'u', reason: 'logged_out' }], T0)
  t.match((await two.read(start, 10))?.revocations, [{ id: 'a', number: 1 }])
})
