import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  HistoryQuery,
  PublishOptions,
} from '../../src/domain/channel-broker.js'
import { waitFor } from '../helpers/wait-for.js'

/** Several processes on the same channels, as a test makes them. */
export interface ChannelBrokerSetup {
  /** A broker that has not started, as in a process of its own; closed with the test. */
  readonly createBroker: () => Promise<ChannelBroker>
  /** Loses every stream, as a store that was emptied. */
  readonly loseStreams: () => Promise<void>
  /** Makes messages disappear before the brokers that run have read them. */
  readonly loseMessages: (channel: string) => Promise<void>
}

const HOUR_MS = 3_600_000

export const ANN: ClientInfo = {
  connectionId: 'c-ann',
  userId: 'ann',
  connectionInfo: '{"name":"Ann"}',
  channelInfo: null,
}

/** Options of a publication that is kept. */
export function kept(size = 10_000, lifetimeMs = HOUR_MS): PublishOptions {
  return { history: { size, lifetimeMs }, idempotency: null, info: null, tags: null }
}

const PLAIN: PublishOptions = { history: null, idempotency: null, info: null, tags: null }
const WHOLE: HistoryQuery = { since: null, limit: 100_000, reverse: false }

const keyed = (key: string, options: PublishOptions = kept(), lifetimeMs = HOUR_MS) => ({
  ...options,
  idempotency: { key, lifetimeMs },
})

/** What a process heard, one line each. */
export interface ChannelEar {
  readonly heard: string[]
  readonly unsure: (readonly string[] | null)[]
  readonly listener: ChannelListener
  /** Whether the channel was among those that are unsure. */
  wasUnsure(channel: string): boolean
}

export function createChannelEar(): ChannelEar {
  const heard: string[] = []
  const unsure: (readonly string[] | null)[] = []
  const listener: ChannelListener = {
    onPublication: (channel, { offset, data }) => heard.push(`${channel} ${offset} ${data}`),
    onJoin: (channel, { connectionId }) => heard.push(`${channel} join ${connectionId}`),
    onLeave: (channel, { connectionId }) => heard.push(`${channel} leave ${connectionId}`),
    onUnsure: (channels) => unsure.push(channels),
  }
  const wasUnsure = (channel: string): boolean =>
    unsure.some((channels) => channels === null || channels.includes(channel))
  return { heard, unsure, listener, wasUnsure }
}

/** A started broker and what it hears. */
export async function startEar(
  setup: Pick<ChannelBrokerSetup, 'createBroker'>,
  ...channels: string[]
): Promise<ChannelEar & { readonly broker: ChannelBroker }> {
  const broker = await setup.createBroker()
  const ear = createChannelEar()
  await broker.start(ear.listener)
  for (const channel of channels) await broker.subscribe(channel)
  return { ...ear, broker }
}

const dataOf = ({ publications }: { publications: readonly { data: string }[] }): string[] =>
  publications.map(({ data }) => data)

/** What every implementation of the port promises. */
export async function checkChannelBroker(
  t: Test,
  open: (t: Test) => Promise<ChannelBrokerSetup>,
): Promise<void> {
  await checkDelivery(t, open)
  await checkOrder(t, open)
  await checkIdempotency(t, open)
  await checkHistory(t, open)
  await checkTrimming(t, open)
  await checkLoss(t, open)
  await checkLife(t, open)
}

type Open = (t: Test) => Promise<ChannelBrokerSetup>

async function checkDelivery(t: Test, open: Open): Promise<void> {
  await t.test(
    'a publication reaches every subscribed process once, and nobody else',
    async (t) => {
      const setup = await open(t)
      const a = await startEar(setup, 'news')
      const b = await startEar(setup, 'news', 'sport')
      const c = await startEar(setup, 'sport')
      const publisher = await setup.createBroker()
      t.match(await publisher.publish('news', '"kept"', kept()), {
        position: { offset: 1, epoch: /./ },
        duplicate: false,
      })
      t.strictSame(await a.broker.publish('news', '"plain"', PLAIN), {
        position: null,
        duplicate: false,
      })
      await b.broker.publish('sport', '"goal"', PLAIN)
      await waitFor('all of them', () => a.heard.length + b.heard.length + c.heard.length >= 6)
      t.strictSame(a.heard, ['news 1 "kept"', 'news 0 "plain"'])
      t.strictSame(b.heard, [...a.heard, 'sport 0 "goal"'])
      t.strictSame(c.heard, ['sport 0 "goal"'])
      t.strictSame([a.unsure, b.unsure, c.unsure], [[], [], []])
    },
  )

  await t.test('a publication arrives as it was sent, whatever is in it', async (t) => {
    const setup = await open(t)
    const channels = ['room:{a}', 'room: \n "é" 😀', '日本']
    const data = ['null', '{"text":"p 1 - 3 0 0\\nü😀"}', `"${'x'.repeat(300_000)}"`]
    const tags = { 'a b': 'c\nd', '': '😀' }
    const broker = await setup.createBroker()
    const got: unknown[] = []
    await broker.start({
      ...createChannelEar().listener,
      onPublication: (channel, publication, epoch) => got.push({ channel, publication, epoch }),
    })
    const expected: unknown[] = []
    for (const channel of channels) {
      await broker.subscribe(channel)
      for (const [index, text] of data.entries()) {
        const options = {
          ...kept(),
          info: index === 1 ? ANN : null,
          tags: index === 1 ? tags : null,
        }
        const { position } = await broker.publish(channel, text, options)
        const { info } = options
        const publication = { offset: index + 1, data: text, info, tags: options.tags }
        expected.push({ channel, publication, epoch: position?.epoch })
      }
    }
    await waitFor('all of them', () => got.length === expected.length)
    t.same(got, expected)
    for (const channel of channels) {
      const page = await broker.history(channel, WHOLE)
      t.strictSame(dataOf(page), data)
      t.same(page.publications[1], { offset: 2, data: data[1], info: ANN, tags })
    }
  })

  await t.test('joins and leaves arrive in order with the publications of a process', async (t) => {
    const setup = await open(t)
    const [a, b] = [await startEar(setup, 'room'), await startEar(setup, 'room')]
    await Promise.all([
      a.broker.publishJoin('room', ANN),
      a.broker.publish('room', '"hi"', PLAIN),
      a.broker.publishLeave('room', ANN),
    ])
    const expected = ['room join c-ann', 'room 0 "hi"', 'room leave c-ann']
    await waitFor('all of them', () => a.heard.length === 3 && b.heard.length === 3)
    t.strictSame([a.heard, b.heard], [expected, expected])
    t.match(await a.broker.history('room', WHOLE), { publications: [], position: { offset: 0 } })
  })

  await t.test('a subscription is live when it resolves, and ends at once', async (t) => {
    const setup = await open(t)
    const a = await startEar(setup)
    const publisher = await setup.createBroker()
    for (let round = 1; round <= 20; round += 1) {
      const channel = `news-${round % 10}`
      await publisher.publish(channel, `"before ${round}"`, PLAIN)
      await a.broker.subscribe(channel)
      await publisher.publish(channel, `"in ${round}"`, PLAIN)
      await waitFor('the one in between', () => a.heard.includes(`${channel} 0 "in ${round}"`))
      await a.broker.unsubscribe(channel)
      await publisher.publish(channel, `"after ${round}"`, PLAIN)
    }
    await a.broker.subscribe('end')
    await publisher.publish('end', '1', PLAIN)
    await waitFor('the end', () => a.heard.includes('end 0 1'))
    const wrong = a.heard.filter((line) => /after|before/.test(line))
    t.strictSame(wrong, [])
    t.equal(a.heard.length, 21)
  })
}

async function checkOrder(t: Test, open: Open): Promise<void> {
  await t.test('every process sees every stream in its order, without gap or repeat', async (t) => {
    const setup = await open(t)
    const channels = ['one', 'two', 'three']
    const first = await startEar(setup, ...channels)
    const ears = [first, await startEar(setup, ...channels)]
    const outcomes = await Promise.all(
      ears.flatMap(({ broker }, from) =>
        Array.from({ length: 300 }, (_, index) =>
          broker.publish(channels[index % 3] ?? '', `"${from}-${index}"`, kept()),
        ),
      ),
    )
    t.ok(outcomes.every(({ duplicate }) => !duplicate))
    for (const ear of ears) await waitFor('all', () => ear.heard.length >= 600, 20_000)
    for (const channel of channels) {
      const { publications, position } = await first.broker.history(channel, WHOLE)
      t.equal(position.offset, 200)
      const lines = publications.map(({ offset, data }) => `${channel} ${offset} ${data}`)
      t.strictSame(
        publications.map(({ offset }) => offset),
        Array.from({ length: 200 }, (_, index) => index + 1),
      )
      for (const { heard } of ears) {
        t.strictSame(
          heard.filter((line) => line.startsWith(`${channel} `)),
          lines,
        )
      }
      for (const from of [0, 1]) {
        const own = dataOf({ publications }).filter((data) => data.startsWith(`"${from}-`))
        const numbers = own.map((data) => Number(data.slice(3, -1)))
        t.strictSame(
          numbers,
          [...numbers].sort((a, b) => a - b),
          'in the order of their calls',
        )
      }
    }
    t.strictSame(
      ears.map(({ unsure }) => unsure),
      [[], []],
    )
  })

  await t.test(
    'one who publishes hears the publication with the outcome, or soon after',
    async (t) => {
      const setup = await open(t)
      const a = await startEar(setup, 'news')
      const offsets: number[] = []
      for (let index = 0; index < 50; index += 1) {
        const { position } = await a.broker.publish('news', '1', kept())
        offsets.push(position?.offset ?? 0)
      }
      await waitFor('all', () => a.heard.length === 50)
      t.strictSame(
        a.heard,
        offsets.map((offset) => `news ${offset} 1`),
      )
    },
  )
}

async function checkIdempotency(t: Test, open: Open): Promise<void> {
  await t.test('racing publications of one key are one', async (t) => {
    const setup = await open(t)
    const first = await startEar(setup, 'news')
    const ears = [first, await startEar(setup, 'news')]
    const outcomes = await Promise.all(
      ears.flatMap(({ broker }) =>
        Array.from({ length: 50 }, (_, index) =>
          broker.publish('news', '"once"', keyed(`key-${index % 5}`)),
        ),
      ),
    )
    t.equal(outcomes.filter(({ duplicate }) => !duplicate).length, 5)
    const positions = new Set(outcomes.map(({ position }) => JSON.stringify(position)))
    t.equal(positions.size, 5, 'the others got the position of the first')
    await first.broker.publish('news', '"end"', kept())
    for (const { heard } of ears) {
      await waitFor('the end', () => heard.includes('news 6 "end"'))
      t.equal(heard.length, 6)
    }
  })

  await t.test('a key counts on its channel, for its lifetime, also without history', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    const first = { position: null, duplicate: false }
    const again = { position: null, duplicate: true }
    t.strictSame(await broker.publish('a', '1', keyed('k', PLAIN)), first)
    t.strictSame(await broker.publish('a', '1', keyed('k', PLAIN)), again)
    t.strictSame(await broker.publish('a', '1', keyed('K', PLAIN)), first)
    t.strictSame(await broker.publish('b', '1', keyed('k', PLAIN)), first)
    t.strictSame(await broker.publish('a:k', '1', keyed('x', PLAIN)), first)
    t.strictSame(await broker.publish('a', '1', keyed('k:x', PLAIN)), first)
    t.strictSame(await broker.publish('c', '1', keyed('short', PLAIN, 30)), first)
    await waitFor('the end of the key', async () => {
      const { duplicate } = await broker.publish('c', '1', keyed('short', PLAIN, 30))
      return !duplicate
    })
  })
}

async function checkHistory(t: Test, open: Open): Promise<void> {
  await t.test('a page of history has what was asked for and the top of the stream', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    for (let index = 1; index <= 10; index += 1) await broker.publish('news', `${index}`, kept())
    const page = async (query: Partial<HistoryQuery>) => {
      const { publications, position } = await broker.history('news', { ...WHOLE, ...query })
      t.equal(position.offset, 10)
      return publications.map(({ offset }) => offset).join()
    }
    const { position } = await broker.history('news', { ...WHOLE, limit: 0 })
    const at = (offset: number) => ({ offset, epoch: position.epoch })
    t.equal(await page({ limit: 0 }), '')
    t.equal(await page({}), '1,2,3,4,5,6,7,8,9,10')
    t.equal(await page({ limit: 3 }), '1,2,3')
    t.equal(await page({ limit: 3, reverse: true }), '10,9,8')
    t.equal(await page({ since: at(7) }), '8,9,10')
    t.equal(await page({ since: at(7), limit: 2 }), '8,9')
    t.equal(await page({ since: at(4), reverse: true }), '3,2,1')
    t.equal(await page({ since: at(4), limit: 2, reverse: true }), '3,2')
    t.equal(await page({ since: at(0) }), '1,2,3,4,5,6,7,8,9,10')
    for (const offset of [10, 11, 1e21, Infinity]) t.equal(await page({ since: at(offset) }), '')
    for (const offset of [0, 1]) t.equal(await page({ since: at(offset), reverse: true }), '')
    t.equal(await page({ since: at(-5), limit: 1 }), '1')
    t.equal(await page({ since: at(1e21), limit: 1, reverse: true }), '10')
  })

  await t.test('history makes a stream that is absent, once for all processes', async (t) => {
    const setup = await open(t)
    const [a, b] = [await setup.createBroker(), await setup.createBroker()]
    t.strictSame([...(await a.positions(['new', 'other']))], [])
    const pages = await Promise.all([a.history('new', WHOLE), b.history('new', WHOLE)])
    const { position } = pages[0]
    t.match(position, { offset: 0, epoch: /./ })
    t.strictSame(pages[1], pages[0])
    t.strictSame((await b.publish('new', '1', kept())).position, { ...position, offset: 1 })
    t.strictSame([...(await a.positions(['other', 'new']))], [['new', { ...position, offset: 1 }]])
    t.strictSame([...(await a.positions([]))], [])
  })

  await t.test('removed history keeps its place', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    await broker.removeHistory('news')
    const { position } = await broker.publish('news', '1', kept())
    await broker.removeHistory('news')
    t.strictSame(await broker.history('news', WHOLE), { publications: [], position })
    await broker.publish('news', '2', kept())
    t.match(await broker.history('news', WHOLE), {
      publications: [{ offset: 2, data: '2' }],
      position: { offset: 2, epoch: position?.epoch },
    })
  })

  await t.test('positions of many channels come at once', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    const channels = Array.from({ length: 100 }, (_, index) => `channel-${index}`)
    await Promise.all(
      channels.flatMap((channel, index) =>
        Array.from({ length: 1 + (index % 3) }, () => broker.publish(channel, '1', kept())),
      ),
    )
    const positions = await broker.positions([...channels, 'unknown'])
    t.equal(positions.size, 100)
    t.ok(
      channels.every((channel, index) => positions.get(channel)?.offset === 1 + (index % 3)),
      'each its own',
    )
  })
}

async function checkTrimming(t: Test, open: Open): Promise<void> {
  await t.test('a history has at most its size', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => broker.publish('news', `${index}`, kept(5))),
    )
    const { publications, position } = await broker.history('news', WHOLE)
    t.strictSame(dataOf({ publications }), ['25', '26', '27', '28', '29'])
    t.equal(position.offset, 30)
    await broker.publish('news', '30', kept(2))
    t.strictSame(dataOf(await broker.history('news', WHOLE)), ['29', '30'], 'a smaller one')
    await broker.publish('news', 'lost', kept(0))
    t.match(await broker.history('news', WHOLE), { position: { offset: 31 } }, 'none at all')
  })

  await t.test('publications end with their lifetime, their stream does not', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    const { position } = await broker.publish('news', '"short"', kept(100, 40))
    await broker.publish('news', '"long"', kept())
    await waitFor('the end of one', async () => {
      const { publications } = await broker.history('news', WHOLE)
      return publications.length === 1
    })
    for (const reverse of [false, true]) {
      t.strictSame(dataOf(await broker.history('news', { ...WHOLE, limit: 1, reverse })), [
        '"long"',
      ])
    }
    await broker.publish('brief', '1', kept(100, 40))
    const before = await broker.history('brief', { ...WHOLE, limit: 0 })
    await waitFor('the end of all', async () => {
      const { publications } = await broker.history('brief', WHOLE)
      return publications.length === 0
    })
    t.strictSame((await broker.history('brief', WHOLE)).position, before.position)
    t.match(await broker.publish('brief', '2', kept()), {
      position: { offset: 2, epoch: before.position.epoch },
    })
    t.not(position?.epoch, before.position.epoch, 'each stream has its own epoch')
  })
}

async function checkLoss(t: Test, open: Open): Promise<void> {
  await t.test('a stream that was lost begins again under another epoch', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    const first = await broker.publish('news', '"old"', kept())
    await broker.publish('news', '"old"', kept())
    await setup.loseStreams()
    t.strictSame([...(await broker.positions(['news']))], [])
    const { publications, position } = await broker.history('news', WHOLE)
    t.equal(publications.length, 0)
    t.equal(position.offset, 0)
    t.not(position.epoch, first.position?.epoch)
    t.strictSame((await broker.publish('news', '"new"', kept())).position, {
      offset: 1,
      epoch: position.epoch,
    })
    t.strictSame(dataOf(await broker.history('news', WHOLE)), ['"new"'])
  })

  await t.test('a process hears of publications that it may have missed', async (t) => {
    const setup = await open(t)
    const channel = `news-${randomUUID()}`
    const a = await startEar(setup, channel)
    t.notOk(a.wasUnsure(channel))
    await setup.loseMessages(channel)
    await waitFor('the doubt', () => a.wasUnsure(channel))
    const publisher = await setup.createBroker()
    await waitFor('a publication after it', async () => {
      const sent = await publisher.publish(channel, '"after"', PLAIN).catch(() => null)
      return sent !== null && a.heard.includes(`${channel} 0 "after"`)
    })
  })
}

async function checkLife(t: Test, open: Open): Promise<void> {
  await t.test('a broker starts once and is of no use after its end', async (t) => {
    const setup = await open(t)
    const a = await startEar(setup, 'news')
    const started = { code: 'INTERNAL', reason: 'broker_started' }
    const closed = { code: 'UNAVAILABLE', reason: 'broker_closed' }
    await t.rejects(a.broker.start(a.listener), started)
    const other = await setup.createBroker()
    await t.rejects(other.subscribe('news'), closed, 'before its start')
    const last = a.broker.publish('news', '"last"', kept())
    await a.broker.close()
    await a.broker.close()
    t.match(await last, { position: { offset: 1 } }, 'what was under way is done')
    await t.rejects(a.broker.publish('news', '1', kept()), closed)
    await t.rejects(a.broker.publishJoin('news', ANN), closed)
    await t.rejects(a.broker.subscribe('news'), closed)
    await t.rejects(a.broker.history('news', WHOLE), closed)
    await t.rejects(a.broker.positions(['news']), closed)
    await t.rejects(a.broker.removeHistory('news'), closed)
    await t.rejects(a.broker.start(a.listener), started)
    await a.broker.unsubscribe('news')
    const heard = a.heard.length
    await other.publish('news', '"after"', kept())
    t.match(await other.history('news', WHOLE), { position: { offset: 2 } })
    t.equal(a.heard.length, heard, 'and hears nothing')
  })

  await t.test('a listener that fails misses nothing else', async (t) => {
    const setup = await open(t)
    const broker = await setup.createBroker()
    const ear = createChannelEar()
    await broker.start({
      ...ear.listener,
      onPublication: (channel, publication, epoch) => {
        ear.listener.onPublication(channel, publication, epoch)
        if (publication.data === '1') throw new Error('a bug')
      },
    })
    await broker.subscribe('news')
    await Promise.all(['1', '2'].map((data) => broker.publish('news', data, kept())))
    await waitFor('both', () => ear.heard.length === 2)
    t.strictSame(ear.heard, ['news 1 1', 'news 2 2'])
  })
}
