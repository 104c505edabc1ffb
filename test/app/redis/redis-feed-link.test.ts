import t from 'tap'
import { DeadlineQueue } from '../../../src/app/redis/deadline-queue.js'
import { parseRedisUrl } from '../../../src/app/redis/redis-endpoint.js'
import { RedisFeedLink } from '../../../src/app/redis/redis-feed-link.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { sharedRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { uniqueName } from '../../helpers/server/unique-name.js'
import { waitFor } from '../../helpers/wait-for.js'
import { startRedisProxy } from './redis-fixture.js'

const skip = skipUnless('redis')

await t.test(
  'RedisFeedLink stands when every topic is subscribed, after each dial',
  { skip },
  async (t) => {
    const server = await sharedRedis()
    const proxy = await startRedisProxy(t, server)
    const endpoint = parseRedisUrl(proxy.url, {})
    const prefix = `${uniqueName()}:`
    const topics = Array.from({ length: 1_300 }, (_, index) => `${prefix}topic-${index}`)
    const publish = (topic: string, message: string) =>
      server.command('PUBLISH', prefix + topic, message)
    const heard: string[] = []
    const states: string[] = []
    const link = new RedisFeedLink({
      ...{ name: 'n', tags: [''], isSharded: false, channels: [`${prefix}first`] },
      resolve: () => endpoint,
      topicsOf: () => topics,
      onMessage: (channel, message) => heard.push(`${channel.slice(prefix.length)} ${message}`),
      onSound: () => states.push('sound'),
      onDoubt: () => states.push('doubt'),
      deadlines: new DeadlineQueue(1_000),
      logger: createMemoryLogger(),
    })
    t.teardown(() => link.close())
    t.equal(link.isSound, false)
    await t.rejects(link.subscribe('early'), { code: 'UNAVAILABLE', reason: 'redis_unavailable' })
    link.start()
    await waitFor('it stands', () => link.isSound)
    t.strictSame(states, ['sound'])
    for (const name of ['first', 'topic-0', 'topic-1299']) {
      t.equal(await publish(name, 'x'), 1, name)
    }
    await link.subscribe(`${prefix}later`)
    t.equal(await publish('later', 'y'), 1)
    await waitFor('all', () => heard.length === 4)
    t.strictSame(heard, ['first x', 'topic-0 x', 'topic-1299 x', 'later y'])

    // One after the other: whichever way they cross, the last word counts.
    for (let round = 0; round < 20; round += 1) {
      link.unsubscribe(`${prefix}later`)
      void link.subscribe(`${prefix}later`).catch(() => undefined)
    }
    await link.subscribe(`${prefix}later`)
    await waitFor('the subscription', async () => (await publish('later', 'z')) === 1)
    link.unsubscribe(`${prefix}later`)
    await waitFor('its end', async () => (await publish('later', 'z')) === 0)

    await proxy.cut()
    await waitFor('the doubt', () => states.includes('doubt'))
    t.equal(link.isSound, false)
    link.unsubscribe(`${prefix}topic-0`)
    await proxy.restore()
    await waitFor('it stands again', () => link.isSound)
    t.equal(await publish('topic-7', 'x'), 1)
    link.reset(new Error('moved'))
    t.equal(link.isSound, false)
    await waitFor('it stands once more', () => link.isSound)
  },
)
