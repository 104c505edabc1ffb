import t, { type Test } from 'tap'
import type { RedisConnections } from '../../../src/app/redis/open-redis.js'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis, startRedisProxy } from './redis-fixture.js'
import { startRedis, startRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }

interface Ear {
  readonly heard: string[]
  doubts: number
  restored: number
}

async function listen(redis: RedisConnections, names: readonly string[]): Promise<Ear> {
  const ear: Ear = { heard: [], doubts: 0, restored: 0 }
  await redis.bus.listen(names, {
    onMessage: (name, message) => ear.heard.push(`${name}: ${message}`),
    onDoubt: () => (ear.doubts += 1),
    onRestored: () => (ear.restored += 1),
  })
  return ear
}

async function open(t: Test, urls: readonly string[]): Promise<RedisConnections> {
  const redis = openTestRedis(t, { urls, startTimeoutMs: 10_000 })
  await redis.start()
  return redis
}

await t.test('on a single redis', { skip }, async (t) => {
  const server = await startRedis(t)

  await t.test('publish reaches who listens to the name, in order', async (t) => {
    const [sender, receiver] = [await open(t, [server.url]), await open(t, [server.url])]
    t.notOk(receiver.bus.isSound)
    const ear = await listen(receiver, ['a', 'b'])
    t.ok(receiver.bus.isSound)
    const names = ['a', 'b', 'c', 'a']
    await Promise.all(names.map((name, index) => sender.bus.publish(name, String(index))))
    await waitFor('three', () => ear.heard.length === 3)
    t.strictSame(ear.heard, ['a: 0', 'b: 1', 'a: 3'])
    t.equal(ear.doubts, 0)
    await receiver.bus.close()
    t.notOk(receiver.bus.isSound)
  })

  await t.test('listen tells of doubt and of its end', async (t) => {
    const proxy = await startRedisProxy(t, server)
    const receiver = await open(t, [proxy.url])
    const ear = await listen(receiver, ['a'])
    await proxy.cut()
    await waitFor('doubt', () => ear.doubts > 0)
    t.notOk(receiver.bus.isSound)
    await t.rejects(receiver.bus.publish('a', 'x'), UNAVAILABLE)
    await proxy.restore()
    await waitFor('restored', () => ear.restored === 2)
    t.ok(receiver.bus.isSound)
    await server.command('PUBLISH', 'test:a', 'after')
    await waitFor('the message', () => ear.heard.includes('a: after'))
  })

  await t.test('listen gives up when it cannot subscribe', async (t) => {
    const redis = openTestRedis(t, { urls: ['redis://127.0.0.1:1'], startTimeoutMs: 50 })
    await t.rejects(listen(redis, ['a']), UNAVAILABLE)
  })
})

await t.test('topics on a single redis', { skip }, async (t) => {
  const server = await startRedis(t)

  await t.test('topics come and go on the connection of the bus', async (t) => {
    const redis = await open(t, [server.url])
    const heard: string[] = []
    const doubts: string[] = []
    const listener = {
      onMessage: (name: string, message: string) => heard.push(`${name} ${message}`),
      onDoubt: (tags: readonly string[]) => doubts.push(...tags),
      onRestored: () => undefined,
    }
    const { topics } = redis
    t.strictSame(topics.tags, [''])
    t.equal(topics.publishCommand, 'PUBLISH')
    await t.rejects(topics.subscribe('', 'early'), UNAVAILABLE, 'nobody listens yet')
    await topics.listen(listener)
    t.ok(topics.isSound(''))
    t.notOk(topics.isSound('unknown'))
    await topics.subscribe('', 'a')
    // The names of the bus come later, and take the topics along to a new connection.
    const ear = await listen(redis, ['all'])
    t.strictSame(doubts, [''])
    await waitFor('both stand', () => topics.isSound('') && redis.bus.isSound)
    await server.command('PUBLISH', 'a', '1')
    await server.command('PUBLISH', 'test:all', '2')
    await waitFor('both', () => heard.length + ear.heard.length === 2)
    t.strictSame([heard, ear.heard], [['a 1'], ['all: 2']])
    const clients = String(await server.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
    t.equal(clients.trim().split('\n').length, 1)
    topics.unsubscribe('', 'a')
    topics.unsubscribe('', 'never')
    await waitFor('its end', async () => (await server.command('PUBLISH', 'a', '3')) === 0)
    await topics.subscribe('', 'b')
    topics.close()
    await waitFor('the end of all', async () => (await server.command('PUBLISH', 'b', '3')) === 0)
    t.ok(redis.bus.isSound, 'the bus goes on')
  })

  await t.test('topics end with their connection when there is no bus', async (t) => {
    const redis = await open(t, [server.url])
    await redis.topics.listen({
      onMessage: () => undefined,
      onDoubt: () => undefined,
      onRestored: () => undefined,
    })
    await redis.topics.subscribe('', 'c')
    redis.topics.close()
    t.notOk(redis.topics.isSound(''))
    await waitFor('the end', async () => (await server.command('PUBLISH', 'c', '3')) === 0)
  })
})

await t.test('on a cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t, {
    lines: ['cluster-require-full-coverage no'],
  })
  const urls = nodes.map(({ url }) => url)

  await t.test('publish reaches who listens, whatever node it goes by', async (t) => {
    const senders = await Promise.all(Array.from({ length: 8 }, () => open(t, urls)))
    const ear = await listen(await open(t, urls), ['a'])
    for (const [index, sender] of senders.entries()) {
      await waitFor('sent', () =>
        sender.bus.publish('a', `${index}`).then(
          () => true,
          () => false,
        ),
      )
    }
    await waitFor('eight', () => ear.heard.length >= 8)
    t.equal(new Set(ear.heard).size, 8)
  })

  await t.test('listen follows a partition that moves', async (t) => {
    // Fewer than usual: each is moved by commands of its own.
    const receiver = openTestRedis(t, { urls, partitions: 16 })
    await receiver.start()
    const ear = await listen(receiver, ['a'])
    const [from, to] = nodes
    if (!from || !to) throw new Error('no nodes')
    const target = String(await to.command('CLUSTER', 'MYID'))
    const channels = (await from.command('PUBSUB', 'SHARDCHANNELS')) as string[]
    const slots = new Set(
      await Promise.all(channels.map((name) => from.command('CLUSTER', 'KEYSLOT', name))),
    )
    t.ok(slots.size > 3, 'several partitions lie there')
    for (const slot of slots) {
      for (const node of nodes) {
        await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', target)
      }
    }
    await waitFor('doubt', () => ear.doubts > 0)
    await waitFor('restored', () => receiver.bus.isSound)
    for (const channel of channels) await to.command('SPUBLISH', channel, channel)
    await waitFor('all of them', () => ear.heard.length >= channels.length)
  })
})
