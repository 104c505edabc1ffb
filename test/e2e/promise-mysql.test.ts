/** The promise with accounts on MariaDB and sessions on Redis: the same steps, chosen by configuration only. */
import t from 'tap'
import { provePromise } from '../helpers/promise-suite.js'
import { sharedMariaDb } from '../helpers/server/mariadb.js'
import { sharedRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'

const FILE_TIMEOUT_MS = 180_000
const skip = skipUnless('mariadb') || skipUnless('redis')
// The steps, each on a database of its own.
const STEPS = 6

t.setTimeout(FILE_TIMEOUT_MS)

await t.test('MariaDB and Redis', { skip }, async (t) => {
  const [mariaDb, redis] = await Promise.all([sharedMariaDb(), sharedRedis()])
  const databases = await Promise.all(Array.from({ length: STEPS }, () => mariaDb.createDatabase()))
  await provePromise(t, () => ({
    APP_MYSQL_URL: databases.pop()?.url ?? '',
    APP_REDIS_URL: redis.url,
    APP_REDIS_KEY_PREFIX: `${uniqueName('promise')}:`,
  }))
})
