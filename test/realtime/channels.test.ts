import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { ClientInfo, Publication, StreamPosition } from '../../src/domain/channel-broker.js'
import type { Batch } from '../../src/realtime/batch.js'
import { createChannelCounts } from '../../src/realtime/channel-counts.js'
import { type Attachment, createChannels, type Subscriber } from '../../src/realtime/channels.js'
import { createNamespaces } from '../../src/realtime/namespace.js'
import { publishTo } from '../../src/realtime/publish.js'
import { createReceiptLog } from '../../src/realtime/receipt-log.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { OPEN_RULES, STREAM_RULES } from './channel-rules.js'

const namespaces = createNamespaces(OPEN_RULES, {
  plain: {},
  kept: STREAM_RULES,
  small: { ...STREAM_RULES, historySize: 3 },
  latest: { delivery: 'latest' },
})

interface Watcher extends Subscriber {
  attachment: Attachment | null
  readonly data: string[]
  readonly batches: number[]
  readonly told: string[]
  losses: number
  outcome: 'written' | 'queued' | 'dropped'
}

function watcher(options: Partial<Subscriber> = {}): Watcher {
  return {
    isPositioned: true,
    wantsJoinLeave: false,
    attachment: null,
    data: [],
    batches: [],
    told: [],
    losses: 0,
    outcome: 'written',
    deliver(batch: Batch) {
      this.batches.push(batch.events.length)
      for (const event of batch.events) {
        if (event.kind === 'publication') this.data.push(event.publication.data)
        else this.told.push(`${event.kind} ${event.info.connectionId}`)
      }
      return this.outcome
    },
    lose() {
      this.losses += 1
    },
    ...options,
  }
}

interface Teardown {
  teardown(action: () => unknown): void
}

async function setUp(t: Teardown, options: object = {}) {
  const line = createMemoryChannels()
  const publisher = line.createBroker()
  const logger = createMemoryLogger()
  const receipts = createReceiptLog()
  const recoveries: string[] = []
  const channels = createChannels(
    {
      ...{ broker: line.createBroker(), receipts, logger },
      counts: { ...createChannelCounts(), addRecovery: (outcome) => recoveries.push(outcome) },
    },
    {
      recoveryMax: 10,
      positionCheckMs: 60_000,
      joinLeaveThreshold: 3,
      joinLeaveWindowMs: 20,
      busyWindowMs: 0,
      idleMs: 60_000,
      ...options,
    },
  )
  await channels.start()
  t.teardown(() => channels.close())
  return {
    ...{ line, channels, publisher, logger, receipts, recoveries },
    publish: (channel: string, data: number, more: object = {}) =>
      publishTo(publisher, namespaces.find(channel), { data: `${data}`, ...more }),
    subscribe: async (
      channel: string,
      subscriber: Watcher,
      since: StreamPosition | null = null,
    ) => {
      const isIn = await channels.subscribe(
        namespaces.find(channel),
        subscriber,
        since,
        (given) => {
          subscriber.attachment = given
        },
      )
      return isIn
    },
  }
}

await t.test('everything published after the confirmation is delivered, in order', async (t) => {
  const { subscribe, publish, channels, line } = await setUp(t)
  const [one, two] = [watcher(), watcher()]
  await publish('kept:a', 1)
  t.ok(await subscribe('kept:a', one))
  t.match(one.attachment, { position: { offset: 1 }, recovered: false, publications: [] })
  await subscribe('kept:a', two)
  for (const data of [2, 3, 4]) await publish('kept:a', data)
  await waitFor('the deliveries', () => one.data.length === 3 && two.data.length === 3)
  t.strictSame(one.data, ['2', '3', '4'])
  t.equal(line.calls.get('subscribe'), 1, 'one subscription for the process')
  t.equal(line.calls.get('history'), 1, 'one question for the position')
  t.strictSame([channels.channelCount(), channels.subscriptionCount()], [1, 2])
  t.ok(channels.isOpen('kept:a'))
  channels.unsubscribe('kept:a', one)
  channels.unsubscribe('kept:a', one)
  channels.unsubscribe('other:a', one)
  await publish('kept:a', 5)
  await waitFor('the delivery', () => two.data.length === 4)
  t.equal(one.data.length, 3)
})

await t.test('a channel without history has no position', async (t) => {
  const { subscribe, publish, line } = await setUp(t)
  const one = watcher()
  await subscribe('plain:a', one, { offset: 4, epoch: 'x' })
  t.strictSame(one.attachment, { position: null, recovered: false, publications: [] })
  await publish('plain:a', 1)
  await waitFor('the delivery', () => one.data.length === 1)
  t.equal(line.calls.get('history'), undefined)
})

await t.test('what comes in one turn goes out as one batch', async (t) => {
  const { subscribe, publish } = await setUp(t, { busyWindowMs: 30 })
  const [one, latest] = [watcher(), watcher()]
  await subscribe('kept:a', one)
  await subscribe('latest:a', latest)
  for (let data = 0; data < 5; data += 1) {
    void publish('kept:a', data)
    void publish('latest:a', data)
  }
  await waitFor('the deliveries', () => one.data.length === 5 && latest.data.length > 0)
  t.strictSame(one.batches, [5])
  t.strictSame(latest.data, ['4'], 'only the newest of a latest-only channel')
  for (let data = 5; data < 8; data += 1) {
    void publish('kept:a', data)
    await turn()
  }
  await waitFor('the deliveries', () => one.data.length === 8)
  t.strictSame(one.batches, [5, 3], 'a busy channel gathers over its window')
})

await t.test('who comes back gets the whole gap, merged with what is live', async (t) => {
  const { subscribe, publish, recoveries, line } = await setUp(t)
  const first = watcher()
  await subscribe('kept:a', first)
  for (const data of [1, 2, 3]) await publish('kept:a', data)
  await waitFor('the deliveries', () => first.data.length === 3)
  const since = { offset: 1, epoch: first.attachment?.position?.epoch ?? '' }
  const release = line.holdHistory()
  const back = watcher()
  const done = subscribe('kept:a', back, since)
  await turn()
  for (const data of [4, 5]) await publish('kept:a', data)
  await waitFor('the live ones', () => first.data.length === 5)
  release()
  await done
  t.match(back.attachment, { recovered: true, position: { offset: 5 } })
  t.strictSame(
    back.attachment?.publications.map(({ data }: Publication) => data),
    ['2', '3', '4', '5'],
  )
  await publish('kept:a', 6)
  await waitFor('the next', () => back.data.length === 1)
  t.strictSame(back.data, ['6'])
  t.strictSame(recoveries, ['recovered'])
})

await t.test('many that come back at once share one reading', async (t) => {
  const { subscribe, publish, line } = await setUp(t)
  const first = watcher()
  await subscribe('kept:a', first)
  for (const data of [1, 2, 3]) await publish('kept:a', data)
  await waitFor('the deliveries', () => first.data.length === 3)
  const epoch = first.attachment?.position?.epoch ?? ''
  const before = line.calls.get('history') ?? 0
  const release = line.holdHistory()
  const back = Array.from({ length: 20 }, () => watcher())
  const done = Promise.all(back.map((each) => subscribe('kept:a', each, { offset: 1, epoch })))
  await turn()
  release()
  await done
  t.ok(back.every(({ attachment }) => attachment?.publications.length === 2))
  t.equal((line.calls.get('history') ?? 0) - before, 1)
  const upToDate = watcher()
  await subscribe('kept:a', upToDate, { offset: 3, epoch })
  t.match(upToDate.attachment, { recovered: true, publications: [] })
  t.equal((line.calls.get('history') ?? 0) - before, 1, 'who missed nothing costs nothing')
})

await t.test(
  'a gap that is not whole, too long, or of another stream recovers nothing',
  async (t) => {
    const { subscribe, publish } = await setUp(t)
    const first = watcher()
    await subscribe('small:a', first)
    for (let data = 1; data <= 12; data += 1) await publish('small:a', data)
    await waitFor('the deliveries', () => first.data.length === 12)
    const epoch = first.attachment?.position?.epoch ?? ''
    const cases: [StreamPosition, boolean][] = [
      [{ offset: 8, epoch }, false],
      [{ offset: 9, epoch }, true],
      [{ offset: 1, epoch }, false],
      [{ offset: 11, epoch: 'other' }, false],
      [{ offset: 40, epoch }, false],
    ]
    for (const [since, recovered] of cases) {
      const back = watcher()
      await subscribe('small:a', back, since)
      t.equal(back.attachment?.recovered, recovered, JSON.stringify(since))
      t.equal(back.attachment?.publications.length, recovered ? 3 : 0)
    }
  },
)

await t.test('a message that was lost is read again and nobody notices', async (t) => {
  const { subscribe, publish, line, recoveries } = await setUp(t)
  const [one, two] = [watcher(), watcher()]
  await subscribe('kept:a', one)
  await subscribe('kept:a', two)
  await publish('kept:a', 1)
  line.loseNext(2)
  for (const data of [2, 3, 4, 5]) await publish('kept:a', data)
  await waitFor('the deliveries', () => one.data.length === 5 && two.data.length === 5)
  t.strictSame(one.data, ['1', '2', '3', '4', '5'])
  t.strictSame(recoveries, ['recovered'])
  t.equal(line.calls.get('history'), 2, 'one for the position, one for the hole')
})

await t.test('a loss that no message shows is found by the check of positions', async (t) => {
  const { subscribe, publish, line } = await setUp(t, { positionCheckMs: 20 })
  const one = watcher()
  await subscribe('kept:a', one)
  line.loseNext(1)
  await publish('kept:a', 1)
  await waitFor('the delivery', () => one.data.length === 1)
  line.loseNext(1)
  await publish('kept:a', 2)
  line.reportUnsure(['kept:a'])
  await waitFor('the delivery', () => one.data.length === 2)
  t.strictSame(one.data, ['1', '2'])
})

await t.test('a hole that cannot be filled is told to those who rely on the order', async (t) => {
  const { subscribe, publish, line, recoveries } = await setUp(t)
  const [positioned, careless] = [watcher(), watcher({ isPositioned: false })]
  await subscribe('small:a', positioned)
  await subscribe('small:a', careless)
  await publish('small:a', 1)
  await waitFor('the first', () => careless.data.length === 1)
  line.loseNext(5)
  for (let data = 2; data <= 7; data += 1) await publish('small:a', data)
  await waitFor('the loss', () => positioned.losses === 1)
  await waitFor('what there is', () => careless.data.length === 4)
  t.strictSame(careless.data, ['1', '5', '6', '7'])
  t.equal(careless.losses, 0)
  t.strictSame(recoveries, ['lost'])
})

await t.test('a stream that begins anew is told too', async (t) => {
  const { subscribe, publish, line, channels } = await setUp(t)
  const [one, empty] = [watcher(), watcher()]
  await subscribe('kept:a', one)
  await subscribe('kept:empty', empty)
  await publish('kept:a', 1)
  await waitFor('the first', () => one.data.length === 1)
  line.loseStreams('kept:a')
  line.loseStreams('kept:empty')
  await channels.check(null)
  t.equal(one.losses, 1)
  t.equal(empty.losses, 0, 'nothing of an empty stream was lost')
  await publish('kept:empty', 1)
  await waitFor('the loss', () => empty.losses === 1)
})

await t.test('while the broker is away live messages wait, and come in order after', async (t) => {
  const { subscribe, publish, line, logger, channels } = await setUp(t, { idleMs: 20 })
  const one = watcher()
  await subscribe('kept:a', one)
  line.loseNext(1)
  await publish('kept:a', 1)
  await publish('kept:a', 2)
  line.setDown(true)
  await waitFor('the failed reading', () => logger.lines.length > 0)
  t.match(logger.lines[0], { level: 'warn', message: 'cannot read what a channel has missed' })
  await channels.check(null)
  t.ok(logger.lines.some(({ message }) => message === 'cannot compare the positions of channels'))
  t.strictSame(one.data, [])
  await t.rejects(subscribe('kept:b', watcher()), { code: 'UNAVAILABLE' })
  line.setDown(false)
  await waitFor('the deliveries', () => one.data.length === 2)
  t.strictSame(one.data, ['1', '2'])
  t.ok(await subscribe('kept:b', watcher()), 'what failed can be tried again')
})

await t.test('who leaves on the way in is not let in', async (t) => {
  const { subscribe, channels, line } = await setUp(t)
  const release = line.holdHistory()
  const one = watcher()
  const done = subscribe('kept:a', one)
  await turn()
  t.ok(channels.isOpen('kept:a'))
  channels.unsubscribe('kept:a', one)
  release()
  t.equal(await done, false)
  t.equal(one.attachment, null)
  t.equal(channels.subscriptionCount(), 0)
})

await t.test('a channel without subscribers is given back, and taken again', async (t) => {
  const { subscribe, publish, channels, line } = await setUp(t, { idleMs: 20 })
  const one = watcher()
  await subscribe('kept:a', one)
  t.strictSame(line.subscribed(), ['kept:a'])
  channels.unsubscribe('kept:a', one)
  t.notOk(channels.isOpen('kept:a'))
  await waitFor('the channel to be given back', () => line.subscribed().length === 0)
  const back = watcher()
  await subscribe('kept:a', back)
  await publish('kept:a', 1)
  await waitFor('the delivery', () => back.data.length === 1)
  line.setDown(true)
  channels.unsubscribe('kept:a', back)
  await waitFor('the attempt', () => line.calls.get('unsubscribe') === 2)
  line.setDown(false)
})

await t.test('joins and leaves go to those who asked; a crowd hears them gathered', async (t) => {
  const { subscribe, publisher } = await setUp(t)
  const info = (connectionId: string): ClientInfo => ({
    ...{ connectionId, userId: '', connectionInfo: null, channelInfo: null },
  })
  const [curious, other] = [watcher({ wantsJoinLeave: true }), watcher()]
  await subscribe('plain:a', curious)
  await subscribe('plain:a', other)
  await publisher.publishJoin('plain:a', info('c1'))
  await publisher.publishLeave('plain:a', info('c1'))
  await waitFor('both', () => curious.told.length === 2)
  t.strictSame(curious.told, ['join c1', 'leave c1'])
  await subscribe('plain:a', watcher())
  for (let index = 0; index < 5; index += 1)
    await publisher.publishJoin('plain:a', info(`d${index}`))
  await publisher.publishLeave('plain:a', info('d3'))
  await waitFor('the crowd', () => curious.told.length === 6)
  t.strictSame(curious.told.slice(2), ['join d0', 'join d1', 'join d2', 'join d4'])
  t.equal(curious.batches.at(-1), 4, 'in one write')
  t.strictSame(other.batches, [])
})

await t.test('what became of a publication is noted for its receipt', async (t) => {
  const { subscribe, publish, receipts } = await setUp(t)
  const three = [
    watcher(),
    watcher({ outcome: 'queued' } as object),
    watcher({ outcome: 'dropped' } as object),
  ]
  for (const each of three) await subscribe('kept:a', each)
  await publish('kept:a', 1, { receiptId: 'r1' })
  await waitFor('the receipt', () => receipts.find('r1'))
  t.strictSame(receipts.find('r1'), { written: 2, queued: 1, dropped: 1 })
  await publish('kept:a', 2)
  await waitFor('the next', () => three[0]?.data.length === 2)
  t.strictSame(three[0]?.data, ['1', '2'])
})
