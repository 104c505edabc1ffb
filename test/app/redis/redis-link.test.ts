import t from 'tap'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis, outcomeOf } from './redis-fixture.js'
import { startRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }

await t.test('a single redis that dies', { skip }, async (t) => {
  const server = await startRedis(t)
  const redis = openTestRedis(t, { urls: [server.url] })
  let ups = 0
  redis.onUp(() => (ups += 1))
  await redis.start()
  const { trust } = await redis.read('k', ['GET', 'k'])
  t.equal(trust?.isTrusted, true)
  const waiting = outcomeOf(redis.send('list', ['BLPOP', 'list', '0']))
  await server.kill()
  t.equal(await waiting, 'redis_unavailable', 'what was under way fails at once')
  t.equal(trust?.isTrusted, false)
  await waitFor('refusal at once', async () => {
    const began = performance.now()
    const reason = await outcomeOf(redis.send('k', ['GET', 'k']))
    return reason === 'redis_unavailable' && performance.now() - began < 100
  })
  t.throws(() => redis.check(), UNAVAILABLE)

  await server.restart()
  await waitFor('recovery', async () => (await outcomeOf(redis.send('k', ['PING']))) === 'PONG')
  t.equal(ups, 2)
  t.equal((await redis.read('k', ['GET', 'k'])).trust?.isTrusted, true)
  t.equal(trust?.isTrusted, false, 'trust that was lost does not come back')
})
