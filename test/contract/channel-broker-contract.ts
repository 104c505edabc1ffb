import type { Test } from 'tap'
import type { Publication } from '../../src/domain/channel-broker.js'
import { waitFor } from '../helpers/wait-for.js'
import {
  ANN,
  type ChannelBrokerSetup,
  createChannelEar,
  dataOf,
  kept,
  keyed,
  PLAIN,
  startEar,
  WHOLE,
} from './channel-ear.js'
import { checkChannelHistory } from './channel-history-contract.js'

/** What every implementation of the port promises. */
export async function checkChannelBroker(
  t: Test,
  open: (t: Test) => Promise<ChannelBrokerSetup>,
): Promise<void> {
  await checkDelivery(t, open)
  await checkOrder(t, open)
  await checkIdempotency(t, open)
  await checkChannelHistory(t, open)
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
    const got: { channel: string; publication: Publication; epoch: string }[] = []
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
    // Each channel has an order; between channels there is none.
    const byChannel = channels.flatMap((name) => got.filter(({ channel }) => channel === name))
    t.same(byChannel, expected)
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
