import t from 'tap'
import { createProcessRegistry } from '../../../src/broker/redis/process-registry.js'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis } from '../../app/redis/redis-fixture.js'
import { startRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

await t.test('ProcessRegistry knows who is alive', { skip: skipUnless('redis') }, async (t) => {
  const server = await startRedis(t)
  const redis = openTestRedis(t, { urls: [server.url] })
  await redis.start()
  const create = (processId: string, leaseMs: number) =>
    createProcessRegistry({ redis, key: 'processes', processId, leaseMs })
  const [a, b, brief] = [create('a', 60_000), create('b', 60_000), create('brief', 30)]
  t.strictSame(await a.renew(), [])
  t.strictSame(await b.renew(), ['a'])
  await brief.renew()
  t.strictSame([...(await a.renew())].sort(), ['b', 'brief'])
  await waitFor('its lease to end', async () => (await a.renew()).length === 1)
  t.strictSame(await a.renewOrRecall(), ['b'])
  await b.leave()
  t.strictSame(await a.renew(), [])
  await b.renew()
  await a.renew()
  t.ok(Number(await server.command('PTTL', 'processes')) > 0, 'nothing stays behind')

  await server.kill()
  await waitFor('refusal', () =>
    a.renew().then(
      () => false,
      () => true,
    ),
  )
  t.strictSame(await a.renewOrRecall(), ['b'], 'those of before')
  await t.rejects(a.leave(), { code: 'UNAVAILABLE' })
})
