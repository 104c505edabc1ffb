import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createRedisRevocationLog } from '../../../src/repository/redis/redis-revocation-log.js'
import { openTestRedis } from '../../app/redis/redis-fixture.js'
import { checkRevocationLog } from '../../contract/revocation-log-contract.js'
import { sharedRedisCluster, startRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { uniqueName } from '../../helpers/server/unique-name.js'

const skip = skipUnless('redis')
const ENDED = { id: 'a', userId: 'u', reason: 'logged_out' } as const

await t.test('redis revocation log on a single server', { skip }, async (t) => {
  const server = await startRedis(t)
  const redis = openTestRedis(t, { urls: [server.url] })
  await redis.start()

  await t.test('keeps the contract', async (t) => {
    await checkRevocationLog(t, async () =>
      createRedisRevocationLog({ redis, keyPrefix: `${randomUUID()}:` }),
    )
  })

  await t.test('writes more than one script takes, in order', async (t) => {
    const log = createRedisRevocationLog({ redis, keyPrefix: `${randomUUID()}:` })
    const start = await log.positionAt(0)
    const all = Array.from({ length: 1_200 }, (_, index) => ({ ...ENDED, id: `s${index}` }))
    await log.append(all, 1)
    const page = await log.read(start, 2_000)
    t.strictSame(
      page?.revocations.map(({ id }) => id),
      all.map(({ id }) => id),
    )
  })

  await t.test('a server that lost everything begins another log', async (t) => {
    const log = createRedisRevocationLog({ redis, keyPrefix: 'lost:' })
    await log.append([ENDED], 1)
    const before = await log.positionAt(9)
    await server.command('FLUSHALL')
    t.equal(await log.read(before, 10), null)
    await log.append([ENDED, { ...ENDED, id: 'b' }], 2)
    t.equal(await log.read(before, 10), null)
    t.not((await log.positionAt(0)).epoch, before.epoch)
  })
})

await t.test('redis revocation log on a cluster lies in one slot', { skip }, async (t) => {
  const { nodes } = await sharedRedisCluster()
  const redis = openTestRedis(t, { urls: nodes.map(({ url }) => url) })
  await redis.start()
  const log = createRedisRevocationLog({ redis, keyPrefix: `${uniqueName()}:` })
  const start = await log.positionAt(0)
  await log.append([ENDED], 7)
  t.strictSame((await log.read(start, 10))?.revocations, [{ ...ENDED, number: 1, endedAt: 7 }])
  t.equal(await log.trim(8), 1)
})

await t.test(
  'redis revocation log says UNAVAILABLE when the server is gone',
  { skip },
  async (t) => {
    const server = await startRedis(t)
    const redis = openTestRedis(t, { urls: [server.url] })
    await redis.start()
    const log = createRedisRevocationLog({ redis, keyPrefix: 'test:' })
    await server.kill()
    const expected = { code: 'UNAVAILABLE', reason: 'session_store_unavailable' }
    await t.rejects(log.append([ENDED], 1), expected)
    await t.rejects(log.read({ epoch: 'e', number: 0, sessionId: '' }, 1), expected)
    await t.rejects(log.trim(1), expected)
  },
)
