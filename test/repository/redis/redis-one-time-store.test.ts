import t, { type Test } from 'tap'
import type { Clock } from '../../../src/domain/clock.js'
import type { OneTimeStore } from '../../../src/domain/one-time-store.js'
import { createRedisOneTimeStore } from '../../../src/repository/redis/redis-one-time-store.js'
import { openTestRedis } from '../../app/redis/redis-fixture.js'
import { checkOneTimeStore } from '../../contract/one-time-store-contract.js'
import { createFakeClock } from '../../helpers/fake-clock.js'
import { sharedRedis, sharedRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { uniqueName } from '../../helpers/server/unique-name.js'

const skip = skipUnless('redis')

/** Stores of one test share a prefix, those of different tests see nothing of each other. */
function createOpener(urls: readonly string[]): (t: Test, clock: Clock) => Promise<OneTimeStore> {
  const prefixes = new WeakMap<Test, string>()
  return async (t, clock) => {
    const keyPrefix = prefixes.get(t) ?? `${uniqueName()}:`
    prefixes.set(t, keyPrefix)
    const redis = openTestRedis(t, { urls })
    await redis.start()
    return createRedisOneTimeStore({ redis, keyPrefix, clock })
  }
}

await t.test('redis one-time store keeps the contract on a single server', { skip }, async (t) => {
  await checkOneTimeStore(t, createOpener([(await sharedRedis()).url]))
})

await t.test('redis one-time store keeps the contract on a cluster', { skip }, async (t) => {
  const { nodes } = await sharedRedisCluster()
  await checkOneTimeStore(t, createOpener(nodes.map(({ url }) => url)))
})

await t.test(
  'redis one-time store lets the server remove what nobody takes',
  { skip },
  async (t) => {
    const server = await sharedRedis()
    const redis = openTestRedis(t, { urls: [server.url] })
    await redis.start()
    const keyPrefix = `${uniqueName()}:`
    const values = createRedisOneTimeStore({ redis, keyPrefix, clock: createFakeClock(0) })
    await values.put('key', 'value', 60_000)
    const [name = ''] = (await server.command('KEYS', `${keyPrefix}*`)) as string[]
    const ttlMs = Number(await server.command('PTTL', name))
    t.ok(ttlMs > 0 && ttlMs <= 60_000)
  },
)

await t.test('redis one-time store is unavailable while redis is', { skip }, async (t) => {
  const redis = openTestRedis(t, { urls: [(await sharedRedis()).url] })
  await redis.start()
  const keyPrefix = `${uniqueName()}:`
  const values = createRedisOneTimeStore({ redis, keyPrefix, clock: createFakeClock() })
  await redis.close()
  const away = { code: 'UNAVAILABLE', reason: 'store_unavailable', retryAfterSeconds: 1 }
  await t.rejects(values.put('key', 'value', 1), away)
  await t.rejects(values.take('key', 0), away)
})
