/** The promise with sessions and messages on Redis: the same steps, chosen by configuration only. */
import t from 'tap'
import { runApp } from '../helpers/app-process.js'
import { provePromise } from '../helpers/promise-suite.js'
import { sharedRedis, sharedRedisCluster } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'

const FILE_TIMEOUT_MS = 180_000
const skip = skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

await t.test('Redis, single', { skip }, async (t) => {
  const redis = await sharedRedis()
  await provePromise(t, () => ({
    APP_REDIS_URL: redis.url,
    APP_REDIS_KEY_PREFIX: `${uniqueName('promise')}:`,
  }))
})

await t.test('Redis Cluster', { skip }, async (t) => {
  const cluster = await sharedRedisCluster()
  await provePromise(t, () => ({
    APP_REDIS_URL: cluster.nodes.map(({ url }) => url).join(','),
    APP_REDIS_KEY_PREFIX: `${uniqueName('promise')}:`,
  }))
})

await t.test('a Redis that does not answer is one clear line and exit code 1', async (t) => {
  const result = await runApp(['http'], {
    dataDir: t.testdir(),
    env: { APP_REDIS_URL: 'redis://user:hunter2@127.0.0.1:1', APP_LOG_LEVEL: 'silent' },
  })
  t.equal(result.code, 1)
  t.match(result.stderr, /^error: .*Redis/m)
  t.notMatch(result.stderr + result.stdout, /hunter2/)
})
