import { join } from 'node:path'
import t from 'tap'
import {
  createSqliteSessionStore,
  END_REASON_RETENTION_MS,
} from '../../src/repository/sqlite-session-store.js'
import { sampleSession, T0 } from '../contract/sample-session.js'
import { checkSessionStore } from '../contract/session-store-contract.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from './open-test-store.js'
import { runFixture } from './run-fixture.js'

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

for (const [name, ends, killAfter] of [
  ['ends', 400, null],
  ['is killed while it ends', 4_000, 200],
] as const) {
  await t.test(`nobody passes with a session that another process ${name}`, async (t) => {
    const file = join(t.testdir(), 'app.db')
    const store = await openTestStore(t, file)
    const sessions = createSqliteSessionStore({ store })
    const ids = Array.from({ length: ends }, (_, index) => `s-${index}`)
    for (const id of ids) {
      await sessions.create(sampleSession({ id, userId: `user-of-${id}` }), { mode: 'unlimited' })
    }
    const isAlive = async (id: string) => (await sessions.check(id, T0)).alive
    for (const id of ids) t.ok(await isAlive(id), id)
    const other = runFixture(t, 'store-writer.js', ['end', file, 's', String(ends)])
    const passed: string[] = []
    let seen = 0
    await waitFor(
      'the ends',
      async () => {
        // Everybody still asks, so that what is remembered is as fresh as it can be.
        for (const id of ids.slice(seen, seen + 20)) await isAlive(id)
        for (; seen < other.lines.length; seen += 1) {
          const id = other.lines[seen]?.slice('ended '.length) ?? ''
          if (await isAlive(id)) passed.push(id)
        }
        return seen >= (killAfter ?? ends)
      },
      20_000,
    )
    if (killAfter !== null) other.signal('SIGKILL')
    await other.ended
    const left = new Set(
      store.read((db) => db.prepare('SELECT id FROM sessions').all()).map((row) => row['id']),
    )
    for (const id of ids) if ((await isAlive(id)) !== left.has(id)) passed.push(id)
    t.strictSame(passed, [])
    t.equal(left.size === 0, killAfter === null)
  })
}
