import t from 'tap'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis, outcomeOf } from './redis-fixture.js'
import { claimPort } from '../../helpers/server/free-port.js'
import { startRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')

await t.test('a cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t, {
    lines: ['cluster-require-full-coverage no'],
  })
  const [seed] = nodes
  // One seed is dead: the other one is enough.
  const urls = [`redis://127.0.0.1:${await claimPort()}`, seed?.url ?? '']
  const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`)

  await t.test('openRedis sends every command to the master of its key', async (t) => {
    const redis = openTestRedis(t, { urls })
    await redis.start()
    await Promise.all(keys.map((key) => redis.send(key, ['SET', key, key])))
    const values = await Promise.all(keys.map((key) => redis.send(key, ['GET', key])))
    t.strictSame(values, keys)
    for (const node of nodes) t.not(await node.command('DBSIZE'), 0)
  })

  await t.test('openRedis tells what changed on any node', async (t) => {
    const redis = openTestRedis(t, { urls })
    const changed = new Set<string | null>()
    redis.onInvalidate((key) => changed.add(key))
    await redis.start()
    await waitFor('every node is up', async () => {
      const reads = await Promise.all(keys.map((key) => redis.read(key, ['GET', key])))
      return reads.every(({ trust }) => trust?.isTrusted)
    })
    const writer = openTestRedis(t, { urls })
    await writer.start()
    await Promise.all(keys.map((key) => writer.send(key, ['SET', key, 'new'])))
    await waitFor('every change', () => keys.every((key) => changed.has(key)))
  })

  await t.test(
    'openRedis follows slots that move, and does not trust what is moving',
    async (t) => {
      const redis = openTestRedis(t, { urls })
      await redis.start()
      const key = 'moving'
      const slot = String(await seed?.command('CLUSTER', 'KEYSLOT', key))
      await waitFor(
        'the key',
        async () => (await outcomeOf(redis.send(key, ['SET', key, '1']))) === 'OK',
      )
      const ids = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'MYID')))
      const owners = await Promise.all(
        nodes.map((node) => node.command('CLUSTER', 'COUNTKEYSINSLOT', slot)),
      )
      const from = owners.findIndex((count) => count === 1)
      const to = (from + 1) % nodes.length
      const [source, target] = [nodes[from], nodes[to]]
      if (!source || !target) throw new Error('no such node')
      await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(ids[from]))
      await source.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(ids[to]))
      await source.command('MIGRATE', '127.0.0.1', String(target.port), key, '0', '1000')
      const asked = await redis.read(key, ['GET', key])
      t.strictSame(asked, { reply: '1', trust: null }, 'ASK')
      for (const node of [target, source]) {
        await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', String(ids[to]))
      }
      const moved = await redis.read(key, ['GET', key])
      t.match(moved, { reply: '1', trust: { isTrusted: true } }, 'MOVED')
    },
  )

  await t.test(
    'openRedis serves the other masters when one dies, and that one again',
    async (t) => {
      const redis = openTestRedis(t, { urls })
      await redis.start()
      const [, dead] = nodes
      const isAnswered = async (key: string): Promise<boolean> =>
        (await outcomeOf(redis.send(key, ['SET', key, '1']))) === 'OK'
      await waitFor('all masters', async () =>
        (await Promise.all(keys.map(isAnswered))).every(Boolean),
      )
      await dead?.kill()
      const answers = await Promise.all(keys.map(isAnswered))
      t.ok(answers.includes(true), 'others answer')
      t.ok(answers.includes(false), 'none waits')
      redis.check()
      await dead?.restart()
      await waitFor('recovery', async () =>
        (await Promise.all(keys.map(isAnswered))).every(Boolean),
      )
    },
  )
})
