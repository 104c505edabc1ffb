import t from 'tap'
import { createSqliteCounterStore } from '../../src/repository/sqlite-counter-store.js'
import { checkCounterStore } from '../contract/counter-store-contract.js'
import { openSharedTestStore, openTestStore } from './open-test-store.js'

await t.test('sqlite counter store keeps the contract', async (t) => {
  await checkCounterStore(t, async (t) =>
    createSqliteCounterStore({ store: await openSharedTestStore(t) }),
  )
})

await t.test('sqlite counter store takes away what has run out', async (t) => {
  const store = await openTestStore(t)
  const counters = createSqliteCounterStore({ store })
  const rows = (): number =>
    Number(store.read((db) => db.prepare('SELECT count(*) AS n FROM counters').get())?.['n'])
  for (let index = 0; index < 20; index += 1) await counters.add(`old ${index}`, 1, 10, 0)
  t.equal(rows(), 20)
  for (let index = 0; index < 4; index += 1) await counters.add(`new ${index}`, 1, 10, 10)
  t.equal(rows(), 4, 'a few at a time')
  t.match(await counters.add('new 0', 0, 10, 11), { count: 1 }, 'and none that counts still')
})

await t.test('sqlite counter store says so when it is closed', async (t) => {
  const store = await openTestStore(t)
  const counters = createSqliteCounterStore({ store })
  await store.close()
  const closed = { code: 'UNAVAILABLE', reason: 'store_closed' }
  await t.rejects(counters.add('any', 0, 1, 0), closed)
  await t.rejects(counters.add('any', 1, 1, 0), closed)
  await t.rejects(counters.clear('any'), closed)
})
