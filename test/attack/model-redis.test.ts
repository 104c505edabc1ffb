import t from 'tap'
import { createRedisSessionStore } from '../../src/repository/redis/redis-session-store.js'
import { openTestRedis } from '../app/redis/redis-fixture.js'
import { sharedRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'
import { checkAgainstModel } from './model-run.js'

const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

await t.test(
  '10,000 steps on Redis go as in the model',
  { skip: skipUnless('redis') },
  async (t) => {
    const server = await sharedRedis()
    const keyPrefix = `${uniqueName()}:`
    const reopen = async () => {
      const redis = openTestRedis(t, { urls: [server.url] })
      const { logger } = redis
      const store = createRedisSessionStore({ redis, keyPrefix, logger })
      await redis.start()
      return store
    }
    await checkAgainstModel(t, { reopen, count: 10_000, seed: 2 })
  },
)
