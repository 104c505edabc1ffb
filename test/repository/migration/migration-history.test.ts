import { join } from 'node:path'
import t from 'tap'
import {
  assertSchemaKnown,
  MIGRATION_TABLE,
  readHistory,
  SQLITE_STORE_MIGRATIONS,
} from '../../../src/repository/migration/migration-history.js'
import { SHARED_MIGRATIONS } from '../../../src/repository/migration/shared-migrations.js'
import { SQLITE_MIGRATIONS } from '../../../src/repository/migration/sqlite-migrations.js'
import { openSqliteConnection } from '../../../src/repository/sqlite-connection.js'

const target = (name: string) => ({ name, migrations: SQLITE_STORE_MIGRATIONS })

await t.test('migration history has both lists, and no name twice', async (t) => {
  t.equal(
    Object.keys(SQLITE_STORE_MIGRATIONS).length,
    Object.keys(SHARED_MIGRATIONS).length + Object.keys(SQLITE_MIGRATIONS).length,
  )
})

await t.test('migration history is empty for a new database', async (t) => {
  const connection = openSqliteConnection(join(t.testdir(), 'a.db'), 100)
  t.teardown(() => connection.close())
  t.strictSame(readHistory(connection), [])
  t.doesNotThrow(() => assertSchemaKnown(readHistory(connection), target('a.db')))
})

await t.test('migration history refuses a step of a newer version', async (t) => {
  const connection = openSqliteConnection(join(t.testdir(), 'a.db'), 100)
  t.teardown(() => connection.close())
  connection.exec(`CREATE TABLE ${MIGRATION_TABLE} (name TEXT, timestamp TEXT)`)
  const insert = connection.prepare(`INSERT INTO ${MIGRATION_TABLE} VALUES (?, ?)`)
  insert.run('2026-11-21-01-users', '2026-11-21T00:00:00.000Z')
  t.doesNotThrow(() => assertSchemaKnown(readHistory(connection), target('a.db')))
  insert.run('2031-01-01-01-teleport', '2031-01-01T00:00:00.000Z')
  t.strictSame(readHistory(connection), [
    { name: '2026-11-21-01-users', appliedAt: '2026-11-21T00:00:00.000Z' },
    { name: '2031-01-01-01-teleport', appliedAt: '2031-01-01T00:00:00.000Z' },
  ])
  t.throws(() => assertSchemaKnown(readHistory(connection), target('/data/a.db')), {
    code: 'FAILED_PRECONDITION',
    reason: 'schema_newer',
    message: /The database \/data\/a\.db belongs to a newer version.*2031-01-01-01-teleport/,
  })
})
