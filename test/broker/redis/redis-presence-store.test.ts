import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  createRedisPresenceStore,
  type RedisPresenceStoreDeps,
} from '../../../src/broker/redis/redis-presence-store.js'
import type { PresenceStore } from '../../../src/domain/channel-broker.js'
import { openTestRedis, startRedisProxy } from '../../app/redis/redis-fixture.js'
import {
  checkPresenceStore,
  infoOf,
  type PresenceSetup,
} from '../../contract/presence-store-contract.js'
import { type RedisClient, startRedis, startRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { waitFor } from '../../helpers/wait-for.js'
import { runFixture } from '../../repository/run-fixture.js'

const skip = skipUnless('redis')

async function createStore(
  t: Test,
  urls: readonly string[],
  overrides: Partial<RedisPresenceStoreDeps> = {},
): Promise<PresenceStore> {
  const redis = openTestRedis(t, { urls })
  await redis.start()
  const { logger } = redis
  const presence = createRedisPresenceStore({
    ...{ redis, logger, keyPrefix: 'test:', heartbeatMs: 50, leaseMs: 1_000 },
    ...overrides,
  })
  t.teardown(() => presence.close())
  return presence
}

const setUpOn =
  (servers: readonly RedisClient[]) =>
  async (t: Test): Promise<PresenceSetup> => {
    const keyPrefix = `${randomUUID()}:`
    const urls = servers.map(({ url }) => url)
    return {
      async createStore({ onSwept = () => undefined, onLost } = {}) {
        const presence = await createStore(t, urls, { keyPrefix })
        await presence.start(onSwept, onLost)
        return presence
      },
      async createHanging() {
        const lease = { heartbeatMs: 3_600_000, leaseMs: 500 }
        const presence = await createStore(t, urls, { keyPrefix, ...lease })
        await presence.start(() => undefined)
        return presence
      },
      async runAndKill(channels, count) {
        const args = ['redis', urls.join(), keyPrefix, `${count}`, ...channels]
        const child = runFixture(t, 'presence-process.js', args)
        await waitFor('all entries', () => child.lines.includes('ready'), 30_000)
        child.signal('SIGKILL')
        await child.ended
      },
      async loseEntries() {
        for (const server of servers) await server.command('FLUSHALL')
      },
    }
  }

await t.test('on a single redis', { skip }, async (t) => {
  const server = await startRedis(t)
  const urls = [server.url]

  await t.test('the contract', (t) => checkPresenceStore(t, setUpOn([server])))

  await t.test('presence must be started before it enters anybody', async (t) => {
    const presence = await createStore(t, urls)
    const notStarted = { code: 'INTERNAL', reason: 'presence_not_started' }
    await t.rejects(presence.add('room', infoOf('1', 'ann')), notStarted)
    await t.rejects(presence.addWithin('room', infoOf('1', 'ann'), 1), notStarted)
    t.strictSame(await presence.list('room', 10), [], 'others may be asked for')
  })

  await t.test('presence leaves no key behind', async (t) => {
    const keyPrefix = 'clean:'
    const presence = await createStore(t, urls, { keyPrefix })
    await presence.start(() => undefined)
    await presence.add('room', infoOf('1', 'ann'))
    await presence.add('room', infoOf('2', 'bob'))
    await presence.remove('room', '2')
    await presence.close()
    t.strictSame(await server.command('KEYS', 'clean:*'), [])
  })

  await t.test(
    'presence that could not be renewed is lost once, and swept by nobody in haste',
    async (t) => {
      const keyPrefix = 'cut:'
      const proxy = await startRedisProxy(t, server)
      const events: string[] = []
      const [a, b] = [
        await createStore(t, [proxy.url], { keyPrefix }),
        await createStore(t, [proxy.url], { keyPrefix }),
      ]
      for (const [name, store] of Object.entries({ a, b })) {
        await store.start(
          (_channel, { connectionId }) => events.push(`${name} swept ${connectionId}`),
          () => {
            events.push(`${name} lost`)
            void store.add('room', infoOf(name, 'ann'))
          },
        )
        await store.add('room', infoOf(name, 'ann'))
      }
      await proxy.cut()
      await waitFor('the end of the leases', async () => {
        const live = await server.command(
          'ZCOUNT',
          'cut:{presence}:leases',
          `${Date.now()}`,
          '+inf',
        )
        return live === 0
      })
      await t.rejects(a.stats('room'), { code: 'UNAVAILABLE', reason: 'broker_unavailable' })
      await proxy.restore()
      await waitFor('both back', () => events.length >= 2)
      t.strictSame([...events].sort(), ['a lost', 'b lost'])
      await waitFor('both owners of the past are gone', async () => {
        const owners = await server.command('ZCARD', 'cut:{presence}:leases')
        return owners === 2
      })
      t.match(await b.stats('room'), { connections: 2 }, 'what was entered again stays')
      t.notOk(events.some((event) => event.includes('swept')))
    },
  )

  await t.test(
    'presence goes on when a sweep fails, and a start that fails may be tried again',
    async (t) => {
      const proxy = await startRedisProxy(t, server)
      const presence = await createStore(t, [proxy.url], { keyPrefix: 'fail:' })
      await proxy.cut()
      await waitFor('the cut', () =>
        presence.stats('room').then(
          () => false,
          () => true,
        ),
      )
      await t.rejects(
        presence.start(() => undefined),
        { code: 'UNAVAILABLE', reason: 'broker_unavailable' },
      )
      await proxy.restore()
      await waitFor('the start', () =>
        presence
          .start(() => undefined)
          .then(
            () => true,
            () => false,
          ),
      )
      t.equal(await presence.add('room', infoOf('1', 'ann')), true)
      await proxy.cut()
      await presence.close()
    },
  )
})

await t.test('on a cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t)
  await t.test('the contract', (t) => checkPresenceStore(t, setUpOn(nodes)))
})
