import t from 'tap'
import { createSqliteOneTimeStore } from '../../src/repository/sqlite-one-time-store.js'
import { checkOneTimeStore } from '../contract/one-time-store-contract.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { openSharedTestStore, openTestStore } from './open-test-store.js'

await t.test('sqlite one-time store keeps the contract', async (t) => {
  await checkOneTimeStore(t, async (t, clock) => {
    const store = await openSharedTestStore(t)
    return createSqliteOneTimeStore({ store, clock })
  })
})

await t.test('sqlite one-time store takes away what nobody took', async (t) => {
  const store = await openTestStore(t)
  const clock = createFakeClock(0)
  const values = createSqliteOneTimeStore({ store, clock })
  const rows = (): number =>
    Number(store.read((db) => db.prepare('SELECT count(*) AS n FROM one_time_values').get())?.['n'])
  for (let index = 0; index < 20; index += 1) await values.put(`old ${index}`, 'value', 10)
  t.equal(rows(), 20)
  clock.advance(10)
  for (let index = 0; index < 4; index += 1) await values.put(`new ${index}`, 'value', 20)
  t.equal(rows(), 4, 'a few at a time')
  t.equal(await values.take('new 0', clock.now()), 'value', 'and none that is good still')
})

await t.test('sqlite one-time store says so when it is closed', async (t) => {
  const store = await openTestStore(t)
  const values = createSqliteOneTimeStore({ store, clock: createFakeClock() })
  await store.close()
  const closed = { code: 'UNAVAILABLE', reason: 'store_closed' }
  await t.rejects(values.put('any', 'value', 1), closed)
  await t.rejects(values.take('any', 0), closed)
})
