/** Accounts and keys across processes, on a MariaDB primary with a replica and a Redis Cluster. */
import t from 'tap'
import { proveAccounts } from '../helpers/account-suite.js'
import { sharedMariaDbPair } from '../helpers/server/mariadb.js'
import { sharedRedisCluster } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'

const skip = skipUnless('mariadb') || skipUnless('redis')

t.setTimeout(120_000)

await t.test('MariaDB primary and replica, Redis Cluster', { skip }, async (t) => {
  const [pair, cluster] = await Promise.all([sharedMariaDbPair(), sharedRedisCluster()])
  const { primaryUrl, replicaUrls } = await pair.createDatabase()
  await proveAccounts(t, {
    APP_MYSQL_URL: primaryUrl,
    APP_MYSQL_REPLICA_URLS: replicaUrls.join(','),
    APP_REDIS_URL: cluster.nodes.map(({ url }) => url).join(','),
    APP_REDIS_KEY_PREFIX: `${uniqueName('account')}:`,
  })
})
