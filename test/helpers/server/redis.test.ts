import { existsSync } from 'node:fs'
import { createClient, createCluster, createSentinel } from 'redis'
import t from 'tap'
import { waitFor } from '../wait-for.js'
import { processState } from './process-folder.js'
import {
  sharedRedis,
  sharedRedisCluster,
  sharedRedisSentinel,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from './redis.js'
import { infoField } from './redis-command.js'
import { skipUnless } from './service-binary.js'
import { uniqueName } from './unique-name.js'

const options = { skip: skipUnless('redis') }

await t.test('callers of the shared server meet on it', options, async (t) => {
  const [first, second] = [await sharedRedis(), await sharedRedis()]
  const key = uniqueName('key')
  t.equal(await first.command('SET', key, 'value'), 'OK')
  t.equal(await second.command('GET', key), 'value')
  const client = createClient({ url: first.url })
  client.on('error', () => undefined)
  t.teardown(() => client.destroy())
  await client.connect()
  t.equal(await client.get(key), 'value')
})

await t.test('a killed server comes back empty, on the same port', options, async (t) => {
  const redis = await startRedis(t)
  await redis.command('SET', 'key', 'value')
  const before = redis.pid()
  await redis.kill()
  t.equal(await processState(before ?? 0), null)
  await t.rejects(redis.command('PING'), { code: 'ECONNREFUSED' })
  await redis.restart()
  t.not(redis.pid(), before)
  t.equal(await redis.command('GET', 'key'), null)
})

await t.test('with appendonly every acknowledged write survives kill', options, async (t) => {
  const redis = await startRedis(t, { appendonly: true })
  let acknowledged = 0
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  await client.connect()
  const writing = (async () => {
    for (;;) acknowledged = await client.incr('count')
  })()
  const lost = t.rejects(writing)
  await waitFor('some writes', () => acknowledged >= 50)
  await redis.kill()
  await lost
  await redis.restart()
  const count = Number(await redis.command('GET', 'count'))
  t.ok(count >= acknowledged, `${count} of ${acknowledged} acknowledged`)
})

await t.test('stop, restart, pause and close', options, async (t) => {
  const redis = await startRedis(undefined, { appendonly: true })
  await redis.command('SET', 'key', 'value')
  await redis.stop()
  t.equal(redis.pid(), null)
  await redis.restart()
  t.equal(await redis.command('GET', 'key'), 'value')
  await redis.pause()
  t.equal(await processState(redis.pid() ?? 0), 'T')
  const answer = redis.command('PING')
  redis.resume()
  t.equal(await answer, 'PONG')
  const pid = redis.pid() ?? 0
  await redis.close()
  t.equal(await processState(pid), null)
  t.equal(existsSync(redis.folder), false)
  await redis.close()
})

await t.test('a command that is refused says why', options, async (t) => {
  const redis = await sharedRedis()
  await t.rejects(redis.command('NONSENSE'), { message: /unknown command/ })
})

await t.test('the shared cluster answers on all slots', options, async (t) => {
  const shared = await sharedRedisCluster()
  t.equal(shared.nodes.length, 3)
  t.equal(await shared.isWhole(), true)
  const cluster = createCluster({ rootNodes: shared.nodes.map(({ url }) => ({ url })) })
  cluster.on('error', () => undefined)
  t.teardown(() => cluster.destroy())
  await cluster.connect()
  const prefix = uniqueName('key')
  const keys = Array.from({ length: 300 }, (_, index) => `${prefix}:${index}`)
  await Promise.all(keys.map((key) => cluster.set(key, key)))
  t.same(await Promise.all(keys.map((key) => cluster.get(key))), keys)
  const owners = await Promise.all(
    shared.nodes.map(async (node) => {
      const shards = await node.command('CLUSTER', 'SHARDS')
      const keyCount = Number(await node.command('DBSIZE'))
      return Array.isArray(shards) && shards.length === 3 && keyCount > 0
    }),
  )
  t.same(owners, [true, true, true], 'each master has its share')
})

await t.test('a killed master takes its slots away and brings them back', options, async (t) => {
  const cluster = await startRedisCluster(t, { appendonly: true })
  const [witness, , owner] = cluster.nodes
  if (witness === undefined || owner === undefined) throw new Error('no nodes')
  const key = 'foo' // In slot 12182, which belongs to the third of three masters.
  t.equal(await owner.command('SET', key, 'kept'), 'OK')
  await owner.kill()
  t.equal(await cluster.isWhole(), false)
  await waitFor('the others notice', async () => {
    const info = await witness.command('CLUSTER', 'INFO')
    return infoField(info, 'cluster_state') === 'fail'
  })
  await owner.restart()
  await waitFor('the cluster is whole', () => cluster.isWhole(), 20_000)
  t.equal(await owner.command('GET', key), 'kept')

  const pids = cluster.nodes.map((node) => node.pid() ?? 0)
  await cluster.close()
  for (const pid of pids) t.equal(await processState(pid), null)
})

await t.test('the shared sentinels agree on the master', options, async (t) => {
  const shared = await sharedRedisSentinel()
  t.equal(await shared.masterPort(), shared.servers[0]?.port)
  t.equal(shared.sentinels.length, 3)
})

await t.test('sentinel promotes the replica when the master is killed', options, async (t) => {
  const group = await startRedisSentinel(t)
  const [master, replica] = group.servers
  if (master === undefined || replica === undefined) throw new Error('no servers')
  t.equal(await group.masterPort(), master.port)
  const client = createSentinel({
    name: group.name,
    sentinelRootNodes: group.sentinels.map(({ host, port }) => ({ host, port })),
  })
  client.on('error', () => undefined)
  t.teardown(() => client.destroy())
  await client.connect()
  await client.set('key', 'before')
  await waitFor('it is replicated', async () => (await replica.command('GET', 'key')) === 'before')

  await master.kill()
  const promoted = async (): Promise<boolean> => (await group.masterPort()) === replica.port
  await waitFor('the replica is the master', promoted, 20_000)
  t.equal(await replica.command('SET', 'key', 'after'), 'OK')

  const pids = [...group.servers, ...group.sentinels].map((node) => node.pid() ?? 0)
  await group.close()
  for (const pid of pids) t.equal(await processState(pid), null)
})
