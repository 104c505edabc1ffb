import t from 'tap'
import { startRedisProxy } from '../../app/redis/redis-fixture.js'
import { checkChannelBroker } from '../../contract/channel-broker-contract.js'
import { createChannelEar, kept, startEar } from '../../contract/channel-ear.js'
import { startRedis } from '../../helpers/server/redis.js'
import { commandCalls } from '../../helpers/server/redis-command.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { waitFor } from '../../helpers/wait-for.js'
import { createProcess, setUpOn } from './redis-process.js'

const skip = skipUnless('redis')
const HOUR_MS = 3_600_000
const WHOLE = { since: null, limit: 10_000, reverse: false }
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'broker_unavailable' }

await t.test('on a single redis', { skip }, async (t) => {
  const server = await startRedis(t, { appendonly: true })
  const options = { urls: [server.url] }

  await t.test('the contract', (t) => checkChannelBroker(t, setUpOn(options, [server])))

  await t.test('publications that come together are one command and one message', async (t) => {
    const { broker } = await createProcess(t, options)
    await broker.publish('warm-up', '1', kept())
    const ear = await startEar({ createBroker: async () => broker }, 'a')
    const before = await commandCalls(server)
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => broker.publish(index % 2 ? 'a' : 'b', '1', kept())),
    )
    const after = await commandCalls(server)
    const calls = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
    t.equal(calls('evalsha'), 1)
    t.equal(calls('publish'), 2)
    await waitFor('all', () => ear.heard.length === 100)
  })

  await t.test('a process has one connection to hear, however many channels', async (t) => {
    const before = String(await server.command('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n')
    const { broker, redis } = await createProcess(t, options)
    await redis.bus.listen(['all'], {
      onMessage: () => undefined,
      onDoubt: () => undefined,
      onRestored: () => undefined,
    })
    await startEar({ createBroker: async () => broker }, ...Array.from('abcdefgh'))
    const after = String(await server.command('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n')
    t.equal(after.length - before.length, 1)
  })

  await t.test('nothing is missed unnoticed while the subscription alone is cut', async (t) => {
    const proxy = await startRedisProxy(t, server)
    const a = await createProcess(t, { urls: [proxy.url] })
    const channels = Array.from({ length: 1_200 }, (_, index) => `many-${index}`)
    const ear = await startEar({ createBroker: async () => a.broker }, 'news')
    await Promise.all(channels.map((channel) => a.broker.subscribe(channel)))
    const publisher = (await createProcess(t, options)).broker
    await publisher.publish('news', '"before"', kept())
    await waitFor('it', () => ear.heard.length === 1)
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await publisher.publish('news', '"in between"', kept())
    await waitFor('the doubt', () => ear.wasUnsure('news'))
    await waitFor('all stand again', () => a.redis.topics.isSound(''))
    await waitFor('a report after it', () => ear.unsure.length >= 2)
    t.equal(ear.unsure.at(-1)?.length, 1_201, 'each channel is named')
    t.match(await a.broker.history('news', { ...WHOLE, limit: 0 }), { position: { offset: 2 } })
    await publisher.publish('many-1199', '"after"', kept())
    await waitFor('the last channel', () => ear.heard.includes('many-1199 1 "after"'))
  })

  await t.test('a stalled line is noticed, refused in time, and found again', async (t) => {
    const proxy = await startRedisProxy(t, server)
    const { broker } = await createProcess(t, { urls: [proxy.url] })
    const ear = await startEar({ createBroker: async () => broker }, 'stall')
    proxy.stall()
    await t.rejects(broker.publish('stall', '1', kept()), UNAVAILABLE)
    await t.rejects(broker.history('stall', WHOLE), UNAVAILABLE)
    await t.rejects(broker.subscribe('another'), UNAVAILABLE)
    await waitFor('the doubt', () => ear.wasUnsure('stall'))
    await proxy.restore()
    await waitFor('the way back', () =>
      broker.publish('stall', '"back"', kept()).then(
        () => true,
        () => false,
      ),
    )
    await waitFor('a publication heard', async () => {
      await broker.publish('stall', '"again"', kept())
      return ear.heard.some((line) => line.includes('again'))
    })
    t.notOk(ear.heard.some((line) => line.startsWith('another')))
  })

  await t.test('a server that is killed loses nothing that was acknowledged', async (t) => {
    const a = (await createProcess(t, options)).broker
    const ear = await startEar(
      { createBroker: async () => (await createProcess(t, options)).broker },
      'crash',
    )
    const acknowledged: string[] = []
    let isOver = false
    let number = 0
    const publishing = (async () => {
      while (!isOver) {
        number += 1
        const data = `${number}`
        const options = { ...kept(), idempotency: { key: data, lifetimeMs: HOUR_MS } }
        await a.publish('crash', data, options).then(
          () => acknowledged.push(data),
          () => new Promise((resolve) => setTimeout(resolve, 5)),
        )
      }
    })()
    await waitFor('some', () => acknowledged.length > 50)
    await server.kill()
    const sofar = acknowledged.length
    await waitFor('the doubt', () => ear.wasUnsure('crash'))
    await server.restart()
    await waitFor('some more', () => acknowledged.length > sofar + 50)
    isOver = true
    await publishing
    const { publications, position } = await a.history('crash', WHOLE)
    const there = new Set(publications.map(({ data }) => data))
    t.strictSame(
      acknowledged.filter((data) => !there.has(data)),
      [],
    )
    t.equal(there.size, publications.length, 'nothing twice')
    t.strictSame(
      publications.map(({ offset }) => offset),
      Array.from({ length: position.offset }, (_, index) => index + 1),
    )
    await waitFor('the last one heard', () =>
      ear.heard.some((line) => line.startsWith(`crash ${position.offset} `)),
    )
    t.equal(new Set(ear.heard).size, ear.heard.length, 'nothing heard twice')
  })

  await t.test('what is no record is skipped, and makes unsure', async (t) => {
    const { broker } = await createProcess(t, options, 'garbage:')
    const ear = await startEar({ createBroker: async () => broker }, 'news')
    for (const text of ['nonsense', 'p 1 e 9 0 0\n1', 'z 1 e 1 0 0\n1']) {
      await server.command('PUBLISH', 'garbage:channel:news', text)
    }
    await server.command('PUBLISH', 'garbage:channel:news', 'p 1 e 1 0 0\n7p 2 e 1 0 0\n8')
    await waitFor('the good ones', () => ear.heard.length === 2)
    t.strictSame(ear.heard, ['news 1 7', 'news 2 8'])
    t.equal(ear.unsure.length, 3)
  })

  await t.test('start gives up when nobody answers, and may be tried again', async (t) => {
    const proxy = await startRedisProxy(t, server)
    const { broker } = await createProcess(t, { urls: [proxy.url], startTimeoutMs: 600 })
    const ear = createChannelEar()
    await proxy.cut()
    await t.rejects(broker.start(ear.listener), UNAVAILABLE)
    await proxy.restore()
    await waitFor('a start', () =>
      broker.start(ear.listener).then(
        () => true,
        () => false,
      ),
    )
    await waitFor('a publication', async () => {
      await broker.subscribe('late').catch(() => undefined)
      await broker.publish('late', '1', kept()).catch(() => undefined)
      return ear.heard.length > 0
    })
  })
})
