import { join } from 'node:path'
import t from 'tap'
import {
  createSqliteSessionStore,
  END_REASON_RETENTION_MS,
} from '../../src/repository/sqlite-session-store.js'
import { sampleSession } from '../contract/sample-session.js'
import { checkSessionStore } from '../contract/session-store-contract.js'
import { openTestStore } from './open-test-store.js'

await t.test('sqlite session store keeps the contract', async (t) => {
  await checkSessionStore(t, async (t) =>
    createSqliteSessionStore({ store: await openTestStore(t) }),
  )
})

await t.test('sqlite session store shares its sessions with another on the file', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const one = createSqliteSessionStore({ store: await openTestStore(t, file) })
  const two = createSqliteSessionStore({ store: await openTestStore(t, file) })
  const session = sampleSession()
  await one.create(session, { mode: 'unlimited' })
  t.match(await two.check(session.id, session.createdAt), { alive: true })
  await two.end({ by: 'session', sessionId: session.id }, 'ended_by_admin', session.createdAt)
  t.match(await one.check(session.id, session.createdAt), { reason: 'ended_by_admin' })
})

await t.test('sqlite session store keeps reasons for a day', async (t) => {
  t.equal(END_REASON_RETENTION_MS, 86_400_000)
})

await t.test('sqlite session store says so when it is closed', async (t) => {
  const store = await openTestStore(t)
  const sessions = createSqliteSessionStore({ store })
  await store.close()
  const closed = { code: 'UNAVAILABLE', reason: 'store_closed' }
  await t.rejects(sessions.check('any', 0), closed)
  await t.rejects(sessions.touch('any', 0, 0), closed)
})
