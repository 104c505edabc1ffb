import t, { type Test } from 'tap'
import type { CounterStore } from '../../../src/domain/counter.js'
import { createRedisCounterStore } from '../../../src/repository/redis/redis-counter-store.js'
import { openTestRedis } from '../../app/redis/redis-fixture.js'
import { checkCounterStore } from '../../contract/counter-store-contract.js'
import { sharedRedis, sharedRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { uniqueName } from '../../helpers/server/unique-name.js'

const skip = skipUnless('redis')

/** Stores of one test share a prefix, those of different tests see nothing of each other. */
function createOpener(urls: readonly string[]): (t: Test) => Promise<CounterStore> {
  const prefixes = new WeakMap<Test, string>()
  return async (t) => {
    const keyPrefix = prefixes.get(t) ?? `${uniqueName()}:`
    prefixes.set(t, keyPrefix)
    const redis = openTestRedis(t, { urls })
    await redis.start()
    return createRedisCounterStore({ redis, keyPrefix })
  }
}

await t.test('redis counter store keeps the contract on a single server', { skip }, async (t) => {
  await checkCounterStore(t, createOpener([(await sharedRedis()).url]))
})

await t.test('redis counter store keeps the contract on a cluster', { skip }, async (t) => {
  const { nodes } = await sharedRedisCluster()
  await checkCounterStore(t, createOpener(nodes.map(({ url }) => url)))
})

await t.test('redis counter store leaves nothing behind', { skip }, async (t) => {
  const server = await sharedRedis()
  const redis = openTestRedis(t, { urls: [server.url] })
  await redis.start()
  const keyPrefix = `${uniqueName()}:`
  const counters = createRedisCounterStore({ redis, keyPrefix })
  await counters.add('key', 1, 60_000, 0)
  await counters.add('key', 1, 90_000, 1)
  const [name = '', ...others] = (await server.command('KEYS', `${keyPrefix}*`)) as string[]
  t.strictSame(others, [])
  const ttlMs = Number(await server.command('PTTL', name))
  t.ok(ttlMs > 0 && ttlMs <= 60_000, 'as long as the window and no longer')
  await counters.add('looked at', 0, 60_000, 0)
  t.strictSame(await server.command('KEYS', `${keyPrefix}*`), [name])
  await counters.clear('key')
  t.strictSame(await server.command('KEYS', `${keyPrefix}*`), [])
})

await t.test('redis counter store lets only errors of the closed set out', async (t) => {
  let reply: unknown = 'text'
  const answer = async (): Promise<unknown> => reply
  const counters = createRedisCounterStore({
    redis: { send: answer, run: answer },
    keyPrefix: 'test:',
  })
  const internal = { code: 'INTERNAL', reason: 'internal' }
  await t.rejects(counters.add('key', 1, 1, 0), internal)
  reply = ['1', 2]
  await t.rejects(counters.add('key', 1, 1, 0), internal)
})

await t.test('redis counter store is unavailable while redis is', { skip }, async (t) => {
  const redis = openTestRedis(t, { urls: [(await sharedRedis()).url] })
  await redis.start()
  const counters = createRedisCounterStore({ redis, keyPrefix: `${uniqueName()}:` })
  await redis.close()
  const away = { code: 'UNAVAILABLE', reason: 'store_unavailable', retryAfterSeconds: 1 }
  await t.rejects(counters.add('key', 1, 1, 0), away)
  await t.rejects(counters.clear('key'), away)
})
