import t from 'tap'
import { checkAuditLog } from '../contract/audit-log-contract.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { MYSQL_SETUPS, openTestMysql } from './mysql/open-test-mysql.js'
import { openTestStore } from './open-test-store.js'

// Three stores, two of them on servers.
t.setTimeout(120_000)

await t.test('audit log on SQLite', (t) => checkAuditLog(t, (t) => openTestStore(t)))

for (const [name, empty] of MYSQL_SETUPS) {
  await t.test(`audit log on ${name}`, { skip: skipUnless('mariadb') }, (t) =>
    checkAuditLog(t, async (t) => openTestMysql(t, await empty())),
  )
}
