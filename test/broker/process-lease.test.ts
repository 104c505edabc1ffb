import t, { type Test } from 'tap'
import { insertMessage, listMessages } from '../../src/broker/message-table.js'
import { createProcessLease, type ProcessLease } from '../../src/broker/process-lease.js'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { openTestStore } from '../repository/open-test-store.js'

async function open(t: Test) {
  const store = await openTestStore(t)
  const clock = createFakeClock()
  const create = (id: string): ProcessLease =>
    createProcessLease({
      store,
      clock,
      entry: { id, kind: 'http', pid: 1, startedAt: clock.now() },
      leaseMs: 3000,
      retentionMs: 10_000,
    })
  return { store, clock, create }
}

const others = (store: SqliteStore, lease: ProcessLease) => store.read((db) => lease.listOthers(db))

await t.test('process lease counts as alive until it lapses', async (t) => {
  const { store, clock, create } = await open(t)
  const [a, b] = [create('a'), create('b')]
  t.equal(a.hasLapsed(), true)
  let alongside = false
  await a.enter(() => {
    alongside = true
  })
  t.ok(alongside)
  t.strictSame(others(store, b), ['a'])
  t.strictSame(others(store, a), [])
  clock.advance(2999)
  t.equal(a.hasLapsed(), false)
  t.strictSame(await a.renew(), { lapsed: false })
  clock.advance(3000)
  t.equal(a.hasLapsed(), true)
  t.strictSame(others(store, b), [])
  t.strictSame(await a.renew(), { lapsed: true })
  t.strictSame(others(store, b), ['a'], 'back again')
})

await t.test('process lease removes the dead when it renews, and comes back itself', async (t) => {
  const { store, clock, create } = await open(t)
  const [a, b] = [create('a'), create('b')]
  await a.enter(() => undefined)
  await b.enter(() => undefined)
  clock.advance(3000)
  await b.renew()
  t.equal(store.read((db) => db.prepare('SELECT id FROM broker_processes').all()).length, 1)
  t.strictSame(await a.renew(), { lapsed: true })
  t.strictSame(others(store, b), ['a'])
})

await t.test('process lease prunes all that is old in one renewal', async (t) => {
  const { store, clock, create } = await open(t)
  const message = { sender: 'x', surveyId: 's', kind: 'push', body: '{}' }
  await store.write((db) => {
    for (let n = 0; n < 1200; n += 1) insertMessage(db, message, clock.now())
  })
  clock.advance(10_000)
  const lease = create('a')
  await lease.renew()
  t.equal(store.read((db) => listMessages(db, 0)).length, 500, 'not older than the retention')
  clock.advance(1)
  await lease.renew()
  t.strictSame(
    store.read((db) => listMessages(db, 0)),
    [],
  )
})

await t.test('process lease that was given up does not come back', async (t) => {
  const { store, create } = await open(t)
  const [a, b] = [create('a'), create('b')]
  await a.enter(() => undefined)
  const renewing = a.renew()
  await a.leave()
  await renewing
  await a.renew()
  t.strictSame(others(store, b), [])
})
