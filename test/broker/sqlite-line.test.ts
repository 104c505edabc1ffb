import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { BrokerStore } from '../../src/broker/broker-store.js'
import { createSqliteLine, type LineRider, type SqliteLine } from '../../src/broker/sqlite-line.js'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from '../repository/open-test-store.js'

const HOUR_MS = 3_600_000

function create(store: BrokerStore): SqliteLine {
  return createSqliteLine({
    store,
    clock: { now: () => Date.now() },
    logger: createMemoryLogger(),
    processKind: 'test',
    ...{ pollIntervalMs: 2, heartbeatMs: 10, leaseMs: HOUR_MS, retentionMs: HOUR_MS },
  })
}

function createRider(isAsked = false): LineRider & { readonly events: string[] } {
  const events: string[] = []
  return {
    ...{ events, isAsked },
    enter: () => events.push('enter'),
    read: () => {
      events.push('read')
      return false
    },
    onBeat: (lapsed) => events.push(`beat ${lapsed}`),
    onGap: (why) => events.push(why),
  }
}

const processes = (store: SqliteStore): number =>
  store.read((db) => db.prepare('SELECT id FROM broker_processes').all()).length

const touch = (store: SqliteStore): Promise<unknown> =>
  store.write((db) => db.prepare('DELETE FROM broker_messages').run())

async function openTwo(t: Test) {
  const file = join(t.testdir(), 'app.db')
  const store = await openTestStore(t, file)
  let watches = 0
  const line = create({
    write: (work) => store.write(work),
    read: (work) => store.read(work),
    reopenIfReplaced: () => store.reopenIfReplaced(),
    openWatch: () => {
      watches += 1
      return store.openWatch()
    },
  })
  return { store, line, watches: () => watches }
}

await t.test('SqliteLine has one watch and one lease for all who ride on it', async (t) => {
  const { store, line, watches } = await openTwo(t)
  const [a, b] = [createRider(), createRider()]
  t.equal(watches(), 0, 'nothing is open before')
  await Promise.all([line.join(a), line.join(b)])
  t.equal(watches(), 1)
  t.equal(processes(store), 1)
  await touch(store)
  for (const { events } of [a, b]) {
    await waitFor('a read', () => events.includes('read'))
    await waitFor('a beat', () => events.includes('beat false'))
    t.equal(events[0], 'enter')
  }
  await line.leave(a)
  t.equal(processes(store), 1)
  const before = a.events.length
  await touch(store)
  const reads = b.events.length
  await waitFor('a read of the other', () => b.events.length > reads)
  t.equal(a.events.length, before, 'nothing after it left')
  await line.leave(b)
  await line.leave(b)
  t.equal(processes(store), 0)
})

await t.test('SqliteLine is asked no more when the one who answers leaves', async (t) => {
  const { store, line } = await openTwo(t)
  const [asked, other] = [createRider(true), createRider()]
  await line.join(asked)
  await line.join(other)
  await line.leave(asked)
  t.equal(processes(store), 0)
  await line.leave(other)
})

await t.test('SqliteLine tells the processes from each other', async (t) => {
  const { store, line } = await openTwo(t)
  const other = create(store)
  const [a, b] = [createRider(), createRider()]
  await line.join(a)
  await other.join(b)
  t.strictSame(
    store.read((db) => line.listOthers(db)),
    [other.processId],
  )
  await other.leave(b)
  await line.leave(a)
})

await t.test('SqliteLine lets a rider that cannot enter try again', async (t) => {
  const store = await openTestStore(t)
  let isBroken = true
  const line = create({
    read: (work) => store.read(work),
    write: (work) => (isBroken ? Promise.reject(new Error('disk full')) : store.write(work)),
    openWatch: () => store.openWatch(),
    reopenIfReplaced: () => store.reopenIfReplaced(),
  })
  const [a, b] = [createRider(), createRider()]
  await t.rejects(line.join(a), { message: 'disk full' })
  isBroken = false
  await line.join(a)
  isBroken = true
  await t.rejects(line.join(b), { message: 'disk full' })
  isBroken = false
  await touch(store)
  await waitFor('a read', () => a.events.includes('read'))
  t.notOk(b.events.includes('read'))
  await line.leave(a)
})
