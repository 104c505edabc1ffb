import t from 'tap'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis, outcomeOf } from './redis-fixture.js'
import { startRedisSentinel } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }

await t.test('a master that sentinels move', { skip }, async (t) => {
  const { name: masterName, servers, sentinels } = await startRedisSentinel(t)
  const [master, replica] = servers
  if (!master || !replica) throw new Error('no servers')
  const urls = sentinels.map(({ url }) => url)
  const redis = openTestRedis(t, { urls: [], sentinel: { masterName, urls } })
  await redis.start()
  const received: string[] = []
  await redis.bus.listen(['news'], {
    onMessage: (_, message) => received.push(message),
    onDoubt: () => undefined,
    onRestored: () => undefined,
  })
  t.equal(await redis.send('k', ['SET', 'k', 'v']), 'OK')
  await waitFor('replication', async () => (await replica.command('GET', 'k')) === 'v')
  await master.kill()
  await waitFor(
    'the other master',
    async () => (await outcomeOf(redis.send('k', ['SET', 'k', 'w']))) === 'OK',
    20_000,
  )
  t.equal(await replica.command('GET', 'k'), 'w')
  await waitFor('messages again', async () => {
    await outcomeOf(redis.bus.publish('news', 'hello'))
    return received.length > 0
  })

  await t.test('openRedis refuses a group that no sentinel knows', async (t) => {
    const sentinel = { masterName: 'other', urls }
    const stranger = openTestRedis(t, { urls: [], sentinel, startTimeoutMs: 300 })
    await t.rejects(stranger.start(), UNAVAILABLE)
  })
})
