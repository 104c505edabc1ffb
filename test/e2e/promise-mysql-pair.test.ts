/** The promise with accounts on a MariaDB primary with a replica and sessions on a Redis Cluster. */
import t from 'tap'
import { provePromise } from '../helpers/promise-suite.js'
import { sharedMariaDbPair } from '../helpers/server/mariadb.js'
import { sharedRedisCluster } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'

const FILE_TIMEOUT_MS = 180_000
const skip = skipUnless('mariadb') || skipUnless('redis')
// The steps, each on a database of its own.
const STEPS = 6

t.setTimeout(FILE_TIMEOUT_MS)

await t.test('MariaDB primary and replica, Redis Cluster', { skip }, async (t) => {
  const [pair, cluster] = await Promise.all([sharedMariaDbPair(), sharedRedisCluster()])
  const databases = await Promise.all(Array.from({ length: STEPS }, () => pair.createDatabase()))
  await provePromise(t, () => {
    const database = databases.pop()
    return {
      APP_MYSQL_URL: database?.primaryUrl ?? '',
      APP_MYSQL_REPLICA_URLS: database?.replicaUrls.join(',') ?? '',
      APP_REDIS_URL: cluster.nodes.map(({ url }) => url).join(','),
      APP_REDIS_KEY_PREFIX: `${uniqueName('promise')}:`,
    }
  })
})
