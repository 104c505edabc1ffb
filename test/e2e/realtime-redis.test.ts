/** Live messages over several processes on one Redis, killed and started again. */
import t from 'tap'
import { proveRealtime } from '../helpers/realtime-suite.js'
import { startRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'

const FILE_TIMEOUT_MS = 120_000

t.setTimeout(FILE_TIMEOUT_MS)

await t.test('Redis, single', { skip: skipUnless('redis') }, async (t) => {
  const redis = await startRedis(t, { appendonly: true })
  await proveRealtime(t, {
    urls: [redis.url],
    async restart() {
      await redis.kill()
      await redis.restart()
    },
  })
})
