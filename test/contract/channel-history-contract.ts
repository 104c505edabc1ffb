import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { HistoryQuery } from '../../src/domain/channel-broker.js'
import { waitFor } from '../helpers/wait-for.js'
import { type ChannelBrokerSetup, dataOf, kept, PLAIN, startEar, WHOLE } from './channel-ear.js'

type Open = (t: Test) => Promise<ChannelBrokerSetup>

/** What every implementation of the port promises of histories: pages, bounds, and what happens when they are lost. */
export async function checkChannelHistory(t: Test, open: Open): Promise<void> {
  await checkHistory(t, open)
  await checkTrimming(t, open)
  await checkLoss(t, open)
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
