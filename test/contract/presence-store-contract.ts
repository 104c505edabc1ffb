import type { Test } from 'tap'
import type { ClientInfo, PresenceStore } from '../../src/domain/channel-broker.js'
import { createNamespaces } from '../../src/realtime/namespace.js'
import { createPresenceKeeper } from '../../src/realtime/presence-keeper.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { OPEN_RULES } from '../realtime/channel-rules.js'
import { waitFor } from '../helpers/wait-for.js'

/** Several processes with one presence, as a test makes them. */
export interface PresenceSetup {
  /** A started store, as in a process of its own; closed with the test. Leases last for about a second. */
  readonly createStore: (listeners?: Partial<PresenceEar>) => Promise<PresenceStore>
  /** The same, of a process that hangs: it sweeps nobody, and its lease, which is not renewed, runs out. */
  readonly createHanging: () => Promise<PresenceStore>
  /** Runs a process that enters these, `COUNT` connections on each channel, and is killed then (-9). */
  readonly runAndKill: (channels: readonly string[], count: number) => Promise<void>
  /** Loses every entry and lease, as a store that was emptied. */
  readonly loseEntries: () => Promise<void>
}

export interface PresenceEar {
  onSwept(channel: string, info: ClientInfo): void
  onLost(): void
}

export function infoOf(connectionId: string, userId: string): ClientInfo {
  return { connectionId, userId, connectionInfo: '{"n":"é😀"}', channelInfo: null }
}

/** Ids of the connections on a channel, sorted. */
async function idsOn(store: PresenceStore, channel: string): Promise<string[]> {
  const entries = await store.list(channel, 1_000_000)
  return entries.map(({ connectionId }) => connectionId).sort()
}

/** What every implementation of the port promises. */
export async function checkPresenceStore(
  t: Test,
  open: (t: Test) => Promise<PresenceSetup>,
): Promise<void> {
  await checkEntries(t, open)
  await checkPlaces(t, open)
  await checkDeath(t, open)
  await checkKeeper(t, open)
}

type Open = (t: Test) => Promise<PresenceSetup>

async function checkEntries(t: Test, open: Open): Promise<void> {
  await t.test('entries are seen by all processes, once each', async (t) => {
    const { createStore } = await open(t)
    const [a, b] = [await createStore(), await createStore()]
    const channels = ['room', 'room:{b}\n2']
    for (const channel of channels) {
      t.equal(await a.add(channel, infoOf('1', 'ann')), true)
      t.equal(await a.add(channel, infoOf('1', 'ann')), false, 'renewed')
      t.equal(await b.add(channel, infoOf('2', 'ann')), true)
      t.equal(await b.add(channel, infoOf('3', '')), true)
      for (const store of [a, b]) {
        t.strictSame(await idsOn(store, channel), ['1', '2', '3'])
        t.strictSame(await store.stats(channel), { connections: 3, users: 2 })
        t.equal(await store.countOfUser(channel, 'ann'), 2)
        t.equal(await store.countOfUser(channel, ''), 1)
        t.equal(await store.countOfUser(channel, 'bob'), 0)
      }
    }
    const [entry] = (await b.list('room', 10)).filter(({ connectionId }) => connectionId === '1')
    t.strictSame(entry, infoOf('1', 'ann'))
    t.strictSame(await a.list('nobody', 10), [])
    t.strictSame(await a.stats('nobody'), { connections: 0, users: 0 })
  })

  await t.test('an entry that is removed is gone, once', async (t) => {
    const { createStore } = await open(t)
    const [a, b] = [await createStore(), await createStore()]
    await a.add('room', infoOf('1', 'ann'))
    await a.add('room', infoOf('2', 'ann'))
    await a.add('other', infoOf('1', 'ann'))
    t.strictSame((await Promise.all([a.remove('room', '1'), b.remove('room', '1')])).sort(), [
      false,
      true,
    ])
    t.equal(await a.remove('room', 'stranger'), false)
    t.strictSame(await a.stats('room'), { connections: 1, users: 1 })
    t.equal(await b.remove('room', '2'), true)
    t.strictSame(await a.stats('room'), { connections: 0, users: 0 })
    t.equal(await a.countOfUser('room', 'ann'), 0)
    t.strictSame(await idsOn(b, 'other'), ['1'])
    t.equal(await a.add('room', infoOf('1', 'ann')), true, 'and may come back')
  })

  await t.test('an entry that changes takes the place of the former', async (t) => {
    const { createStore } = await open(t)
    const [a, b] = [await createStore(), await createStore()]
    await a.add('room', infoOf('1', 'ann'))
    const changed = { ...infoOf('1', 'bob'), channelInfo: '[1]' }
    t.equal(await a.add('room', changed), false)
    t.strictSame(await a.list('room', 10), [changed])
    t.strictSame(await a.stats('room'), { connections: 1, users: 1 })
    t.equal(await a.countOfUser('room', 'ann'), 0)
    t.equal(await a.countOfUser('room', 'bob'), 1)
    t.equal(await b.add('room', changed), false, 'by another process')
    await a.close()
    t.strictSame(await b.list('room', 10), [changed], 'which has it now')
  })

  await t.test('a list has at most its limit', async (t) => {
    const { createStore } = await open(t)
    const store = await createStore()
    const ids = Array.from({ length: 300 }, (_, index) => `${index}`)
    const added = await Promise.all(ids.map((id) => store.add('room', infoOf(id, `u${+id % 7}`))))
    t.ok(added.every(Boolean))
    t.strictSame(await store.stats('room'), { connections: 300, users: 7 })
    t.strictSame(await store.list('room', 0), [])
    const some = await store.list('room', 50)
    t.equal(new Set(some.map(({ connectionId }) => connectionId)).size, 50)
    t.strictSame(await idsOn(store, 'room'), [...ids].sort())
    t.equal((await store.list('room', Infinity)).length, 300)
  })

  await t.test('racing changes of one connection leave the counts right', async (t) => {
    const { createStore } = await open(t)
    const stores = [await createStore(), await createStore()]
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const store = stores[index % 2]
        const id = `${index % 5}`
        return index % 3 === 0 ? store?.remove('room', id) : store?.add('room', infoOf(id, 'ann'))
      }),
    )
    const ids = await idsOn(stores[0] as PresenceStore, 'room')
    t.strictSame(await stores[1]?.stats('room'), {
      connections: ids.length,
      users: ids.length > 0 ? 1 : 0,
    })
    t.equal(await stores[1]?.countOfUser('room', 'ann'), ids.length)
  })
}

async function checkPlaces(t: Test, open: Open): Promise<void> {
  await t.test('of those that race for places, as many get in as there are', async (t) => {
    const { createStore } = await open(t)
    const stores = await Promise.all([createStore(), createStore(), createStore()])
    for (const places of [1, 5]) {
      const channel = `room ${places}`
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const id = `${index}`
          const isIn = await stores[index % 3]?.addWithin(channel, infoOf(id, `u${id}`), places)
          return { id, isIn }
        }),
      )
      const entered = outcomes.filter(({ isIn }) => isIn).map(({ id }) => id)
      t.equal(entered.length, places)
      t.strictSame(await idsOn(stores[0], channel), entered.sort(), 'and no others')
      t.strictSame(await stores[1].stats(channel), { connections: places, users: places })
    }
  })

  await t.test('who has a place keeps it, and does not take a second', async (t) => {
    const { createStore } = await open(t)
    const [a, b] = [await createStore(), await createStore()]
    t.equal(await a.addWithin('room', infoOf('1', 'ann'), 2), true)
    t.equal(await a.addWithin('room', infoOf('1', 'ann'), 2), true, 'renewed')
    t.equal(await b.addWithin('room', infoOf('2', 'ann'), 2), true)
    t.equal(await b.addWithin('room', infoOf('3', 'ann'), 2), false)
    t.equal(await b.addWithin('room', infoOf('3', 'ann'), 2), false, 'however often')
    t.equal(await b.addWithin('room', infoOf('1', 'ann'), 2), true, 'by another process')
    const changed = { ...infoOf('1', 'bob'), channelInfo: '[1]' }
    t.equal(await b.addWithin('room', changed, 1), true, 'and among fewer places')
    t.equal(await a.addWithin('room', infoOf('3', 'ann'), 0), false)
    t.equal(await a.addWithin('other', infoOf('3', 'ann'), 1), true, 'each channel has its own')
    t.strictSame(await idsOn(a, 'room'), ['1', '2'])
    t.strictSame(await a.stats('room'), { connections: 2, users: 2 })
    t.equal(await a.countOfUser('room', 'bob'), 1)
    t.equal(await b.remove('room', '2'), true)
    t.equal(await a.addWithin('room', infoOf('3', 'ann'), 2), true, 'a place that is given back')
    t.equal(await b.addWithin('room', infoOf('4', 'ann'), 2), false)
    await b.close()
    t.strictSame(await idsOn(a, 'room'), ['3'], 'it was that of the process that took it over')
  })

  await t.test('what a lease that ran out has left takes no place', async (t) => {
    const { createHanging } = await open(t)
    const [gone, here] = [await createHanging(), await createHanging()]
    for (const id of ['1', '2']) await gone.add('room', infoOf(id, 'ann'))
    await here.add('room', infoOf('3', 'ann'))
    await waitFor('a place', () => here.addWithin('room', infoOf('4', 'ann'), 2))
    t.equal(await here.addWithin('room', infoOf('5', 'ann'), 2), false, 'its own count')
    t.equal(await here.addWithin('room', infoOf('1', 'ann'), 2), false, 'a place that was lost')
    t.strictSame(await idsOn(here, 'room'), ['1', '2', '3', '4'], 'nothing was swept')
    t.equal(await here.addWithin('room', infoOf('1', 'ann'), 3), true)
    t.equal(await here.addWithin('room', infoOf('5', 'ann'), 3), false)
    t.strictSame(await here.stats('room'), { connections: 4, users: 1 })
  })
}

async function checkDeath(t: Test, open: Open): Promise<void> {
  await t.test('a process that closes leaves nothing, and nobody sweeps it', async (t) => {
    const { createStore } = await open(t)
    const swept: string[] = []
    const a = await createStore()
    const b = await createStore({ onSwept: (channel) => swept.push(channel) })
    await a.add('room', infoOf('1', 'ann'))
    await b.add('room', infoOf('2', 'bob'))
    await a.close()
    await a.close()
    t.strictSame(await idsOn(b, 'room'), ['2'])
    t.strictSame(swept, [])
    const closed = { code: 'UNAVAILABLE', reason: 'broker_closed' }
    await t.rejects(a.add('room', infoOf('1', 'ann')), closed)
    await t.rejects(a.addWithin('room', infoOf('1', 'ann'), 1), closed)
    await t.rejects(a.remove('room', '1'), closed)
    await t.rejects(a.list('room', 1), closed)
    await t.rejects(a.stats('room'), closed)
    await t.rejects(a.countOfUser('room', 'ann'), closed)
    const started = { code: 'INTERNAL', reason: 'broker_started' }
    await t.rejects(
      a.start(() => undefined),
      started,
    )
    await t.rejects(
      b.start(() => undefined),
      started,
    )
  })

  await t.test('what a killed process has left is swept once, by one of the others', async (t) => {
    const { createStore, runAndKill } = await open(t)
    const swept: string[] = []
    const note = (by: string) => (channel: string, info: ClientInfo) =>
      swept.push(`${channel} ${info.connectionId} ${info.userId} ${by}`)
    const survivors = await Promise.all(
      ['a', 'b', 'c'].map((by) => createStore({ onSwept: note(by) })),
    )
    const [first] = survivors as [PresenceStore]
    await first.add('one', infoOf('alive', 'ann'))
    await runAndKill(['one', 'two'], 300)
    await waitFor(
      'the sweep',
      async () => {
        const stats = await Promise.all(['one', 'two'].map((channel) => first.stats(channel)))
        return stats[0]?.connections === 1 && stats[1]?.connections === 0
      },
      15_000,
    )
    await waitFor('every leave', () => swept.length >= 600)
    const entries = swept.map((line) => line.split(' ').slice(0, 2).join(' '))
    t.equal(new Set(entries).size, 600, 'each')
    t.equal(entries.length, 600, 'once')
    t.strictSame(await idsOn(first, 'one'), ['alive'])
    t.equal(await first.countOfUser('two', 'dead'), 0)
  })

  await t.test('a process whose entries were lost is told, and enters them again', async (t) => {
    const { createStore, loseEntries } = await open(t)
    let lost = 0
    const store: PresenceStore = await createStore({
      onLost: () => {
        lost += 1
      },
    })
    await store.add('room', infoOf('1', 'ann'))
    await loseEntries()
    await waitFor('the news', () => lost > 0)
    t.equal(await store.add('room', infoOf('1', 'ann')), true)
    t.strictSame(await store.stats('room'), { connections: 1, users: 1 })
  })
}

async function checkKeeper(t: Test, open: Open): Promise<void> {
  await t.test('a keeper enters all connections again when they may be lost', async (t) => {
    const { createStore, loseEntries } = await open(t)
    let onLost = (): void => undefined
    const presence = await createStore({ onLost: () => onLost() })
    const keeper = createPresenceKeeper({
      broker: createMemoryChannels().createBroker(),
      // The store runs already; only who is told of the loss is new.
      presence: {
        start: async (_onSwept, lost = onLost) => void (onLost = lost),
        add: (channel, info) => presence.add(channel, info),
        remove: (channel, id) => presence.remove(channel, id),
        list: (channel, limit) => presence.list(channel, limit),
        stats: (channel) => presence.stats(channel),
        addWithin: (channel, info, max) => presence.addWithin(channel, info, max),
        countOfUser: (channel, userId) => presence.countOfUser(channel, userId),
        close: async () => undefined,
      },
      logger: createMemoryLogger(),
      findChannel: () => null,
      refreshMs: 3_600_000,
    })
    await keeper.start()
    t.teardown(() => keeper.close())
    const channel = createNamespaces(OPEN_RULES, { room: { presence: true } }).find('room:a')
    const ids = Array.from({ length: 120 }, (_, index) => `${index}`).sort()
    await Promise.all(ids.map((id) => keeper.enter(channel, infoOf(id, 'ann'))))
    await loseEntries()
    await waitFor('all again', async () => (await presence.stats('room:a')).connections === 120)
    t.strictSame(await idsOn(presence, 'room:a'), ids)
    ids.forEach((id) => keeper.leave(channel, id))
    await keeper.settled()
    t.match(await presence.stats('room:a'), { connections: 0 })
  })
}
