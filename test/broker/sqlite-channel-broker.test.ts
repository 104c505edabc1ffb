import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { checkChannelBroker } from '../contract/channel-broker-contract.js'
import {
  ANN,
  type ChannelBrokerSetup,
  createChannelEar,
  kept,
  startEar,
} from '../contract/channel-ear.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { stubSurveyHandlers } from '../helpers/stub-survey-handlers.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from '../repository/open-test-store.js'
import { createSqliteProcess, type SqliteProcess } from './sqlite-process.js'

type Overrides = Parameters<typeof createSqliteProcess>[1]

function open(t: Test, store: SqliteStore, overrides: Overrides = {}): SqliteProcess {
  const process = createSqliteProcess(store, overrides)
  t.teardown(() => process.close())
  return process
}

const count = (store: SqliteStore, table: string): number =>
  store.read((db) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']))

/** Sends and removes an event in one step, as one who sleeps past the retention finds it. */
function loseEvents(store: SqliteStore): Promise<void> {
  return store.write((db) => {
    db.prepare(
      'INSERT INTO channel_events (channel, kind, offset, epoch, body, sent_at) ' +
        "VALUES ('x', 'p', 0, '', '', 0)",
    ).run()
    db.prepare('DELETE FROM channel_events').run()
  })
}

/** Each process on a store of its own, as in processes of their own. */
async function setUp(t: Test): Promise<ChannelBrokerSetup & { readonly store: SqliteStore }> {
  const file = join(t.testdir(), 'app.db')
  const store = await openTestStore(t, file)
  return {
    store,
    createBroker: async () => open(t, await openTestStore(t, file)).channelBroker,
    loseStreams: () =>
      store.write((db) => {
        db.prepare('DELETE FROM channel_streams').run()
      }),
    loseMessages: () => loseEvents(store),
  }
}

await t.test('sqlite channels keep the contract', (t) => checkChannelBroker(t, setUp))

await t.test('sqlite channels deliver to their own process without waiting', async (t) => {
  const store = await openTestStore(t)
  const { channelBroker } = open(t, store, { pollIntervalMs: 3_600_000 })
  const other = open(t, store).channelBroker
  const ear = createChannelEar()
  await channelBroker.start(ear.listener)
  await channelBroker.subscribe('news')
  await other.publish('news', '"of another"', kept())
  t.strictSame(ear.heard, [], 'nobody has looked')
  await channelBroker.publish('news', '"own"', kept())
  t.strictSame(ear.heard, ['news 1 "of another"', 'news 2 "own"'], 'at once, and in order')
})

await t.test('sqlite channels put what comes together into one transaction', async (t) => {
  const store = await openTestStore(t)
  const { channelBroker } = open(t, store)
  let writes = 0
  const counted = open(t, {
    ...storeOf(store),
    write: (work) => {
      writes += 1
      return store.write(work)
    },
  } as SqliteStore).channelBroker
  await Promise.all(Array.from({ length: 100 }, () => counted.publish('news', '1', kept())))
  t.ok(writes <= 2, `${writes} transactions`)
  t.match(await channelBroker.history('news', { since: null, limit: 0, reverse: false }), {
    position: { offset: 100 },
  })
})

function storeOf(store: SqliteStore) {
  return {
    read: <T>(work: Parameters<typeof store.read<T>>[0]) => store.read(work),
    openWatch: () => store.openWatch(),
    reopenIfReplaced: () => store.reopenIfReplaced(),
  }
}

await t.test('sqlite channels do not let a listener change the order', async (t) => {
  const setup = await setUp(t)
  const broker = await setup.createBroker()
  const ear = createChannelEar()
  await broker.start({
    ...ear.listener,
    onPublication: (channel, publication, epoch) => {
      ear.listener.onPublication(channel, publication, epoch)
      if (publication.data === '1') void broker.subscribe('other')
    },
  })
  await broker.subscribe('news')
  const other = await setup.createBroker()
  await Promise.all(['1', '2', '3'].map((data) => other.publish('news', data, kept())))
  await waitFor('all', () => ear.heard.length === 3)
  t.strictSame(ear.heard, ['news 1 1', 'news 2 2', 'news 3 3'])
})

await t.test('sqlite channels skip what they do not understand and say so', async (t) => {
  const setup = await setUp(t)
  const process = open(t, setup.store)
  const ear = createChannelEar()
  await process.channelBroker.start(ear.listener)
  await process.channelBroker.subscribe('news')
  await setup.store.write((db) => {
    const insert = db.prepare(
      'INSERT INTO channel_events (channel, kind, offset, epoch, body, sent_at) ' +
        "VALUES ('news', ?, 1, 'e', ?, ?)",
    )
    insert.run('z', '1 0 0\n1', Date.now())
    insert.run('p', 'nothing', Date.now())
    insert.run('j', '0 0 0\n', Date.now())
    insert.run('p', '1 0 0\n1', Date.now())
  })
  await waitFor('the good one', () => ear.heard.length === 1)
  t.strictSame(ear.heard, ['news 1 1'])
  t.strictSame(ear.unsure, [['news'], ['news']])
  const warnings = process.logger.lines.filter(({ level }) => level === 'warn')
  t.match(warnings, [{ message: 'message skipped' }, { message: 'message skipped' }])
})

await t.test('sqlite channels are pruned: events, keys, publications, streams', async (t) => {
  const setup = await setUp(t)
  const clock = createFakeClock()
  const { broker, channelBroker } = open(t, setup.store, {
    ...{ clock, retentionMs: 1_000, metaLifetimeMs: 600_000, heartbeatMs: 10 },
  })
  await broker.start(stubSurveyHandlers(), () => undefined)
  const options = { ...kept(10, 90_000), idempotency: { key: 'k', lifetimeMs: 1_000 } }
  const { position } = await channelBroker.publish('news', '1', options)
  await channelBroker.publishJoin('news', ANN)
  t.equal(count(setup.store, 'channel_events'), 2)
  clock.advance(1_001)
  await waitFor('events and keys', () => {
    return count(setup.store, 'channel_events') + count(setup.store, 'channel_keys') === 0
  })
  t.equal(count(setup.store, 'channel_publications'), 1)
  clock.advance(150_000)
  await waitFor('publications', () => count(setup.store, 'channel_publications') === 0)
  t.strictSame([...(await channelBroker.positions(['news']))], [['news', position]])
  clock.advance(600_000)
  await waitFor('streams', () => count(setup.store, 'channel_streams') === 0)
  t.strictSame([...(await channelBroker.positions(['news']))], [])
})

await t.test('sqlite channels remember a stream that somebody asks for', async (t) => {
  const setup = await setUp(t)
  const clock = createFakeClock()
  const { channelBroker } = open(t, setup.store, { clock, metaLifetimeMs: 1_000 })
  const query = { since: null, limit: 10, reverse: false }
  const { position } = await channelBroker.publish('news', '1', kept(10, 1_000))
  for (let round = 0; round < 5; round += 1) {
    clock.advance(600)
    t.strictSame((await channelBroker.history('news', query)).position, position)
  }
  clock.advance(1_000)
  const next = await channelBroker.history('news', query)
  t.not(next.position.epoch, position?.epoch, 'forgotten')
  t.strictSame(next.publications, [])
  t.match(await channelBroker.publish('news', '2', kept()), { position: { offset: 1 } })
})

await t.test('sqlite channels say that the store cannot be written', async (t) => {
  const store = await openTestStore(t)
  const failing = open(t, {
    ...storeOf(store),
    write: () => Promise.reject(new Error('disk full')),
  } as unknown as SqliteStore).channelBroker
  const outcomes = await Promise.allSettled(
    ['1', '2'].map((data) => failing.publish('news', data, kept())),
  )
  t.match(outcomes, [
    { status: 'rejected', reason: { message: 'disk full' } },
    { status: 'rejected', reason: { message: 'disk full' } },
  ])
  await t.rejects(failing.start(createChannelEar().listener), { message: 'disk full' })
})

await t.test('sqlite channels go on when what was published cannot be read at once', async (t) => {
  const store = await openTestStore(t)
  let isBroken = false
  const process = open(t, {
    ...storeOf(store),
    read: (work: Parameters<typeof store.read>[0]) => {
      if (isBroken) throw new Error('a moment please')
      return store.read(work)
    },
    write: (work: Parameters<typeof store.write>[0]) => store.write(work),
  } as unknown as SqliteStore)
  const ear = createChannelEar()
  await process.channelBroker.start(ear.listener)
  await process.channelBroker.subscribe('news')
  isBroken = true
  await process.channelBroker.publish('news', '1', kept())
  t.match(process.logger.lines, [{ message: 'publications could not be read at once' }])
  await waitFor('the poll', () => ear.heard.length === 1)
})

await t.test(
  'sqlite channels are unsure when their file was replaced or their lease lapsed',
  async (t) => {
    const setup = await setUp(t)
    const clock = createFakeClock()
    const process = open(t, setup.store, { clock, leaseMs: 1_000 })
    const broker = await startEar({ createBroker: async () => process.channelBroker }, 'news')
    clock.advance(1_000)
    await waitFor('the doubt', () => broker.unsure.length > 0)
    t.strictSame(broker.unsure[0], null)
  },
)
