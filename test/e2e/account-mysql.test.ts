/** Accounts and keys across processes, with accounts on MariaDB and sessions on Redis. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { proveAccounts } from '../helpers/account-suite.js'
import { sharedMariaDb } from '../helpers/server/mariadb.js'
import { sharedRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'

const skip = skipUnless('mariadb') || skipUnless('redis')

t.setTimeout(120_000)

await t.test('MariaDB and Redis', { skip }, async (t) => {
  const [mariaDb, redis] = await Promise.all([sharedMariaDb(), sharedRedis()])
  const { url } = await mariaDb.createDatabase()
  const { options } = await proveAccounts(t, {
    APP_MYSQL_URL: url,
    APP_REDIS_URL: redis.url,
    APP_REDIS_KEY_PREFIX: `${uniqueName('account')}:`,
  })
  t.notOk(existsSync(join(options.dataDir, 'app.db')), 'nothing is kept in a file beside them')
})
