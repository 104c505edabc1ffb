/** Live messages over several processes on a Redis Cluster, killed and started again. */
import t from 'tap'
import { proveRealtime } from '../helpers/realtime-suite.js'
import { startRedisCluster } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000

t.setTimeout(FILE_TIMEOUT_MS)

await t.test('Redis Cluster', { skip: skipUnless('redis') }, async (t) => {
  const cluster = await startRedisCluster(t, { appendonly: true })
  await proveRealtime(t, {
    urls: cluster.nodes.map(({ url }) => url),
    async restart() {
      await Promise.all(cluster.nodes.map((node) => node.kill()))
      await Promise.all(cluster.nodes.map((node) => node.restart()))
      await waitFor('the cluster', () => cluster.isWhole())
    },
  })
})
