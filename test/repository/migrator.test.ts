import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SQLITE_STORE_MIGRATIONS } from '../../src/repository/migration/migration-history.js'
import { createMigrator } from '../../src/repository/migrator.js'
import { openSqliteStore, type SqliteStore } from '../../src/repository/sqlite-store.js'
import { checkMigrator } from '../contract/migrator-contract.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { MYSQL_SETUPS, type MysqlUrls, startMysqlStore } from './mysql/open-test-mysql.js'
import { runFixture } from './run-fixture.js'

// Three stores, two of them on servers.
t.setTimeout(120_000)

const NAMES = Object.keys(SQLITE_STORE_MIGRATIONS).sort()

function openEmpty(t: Test, file = join(t.testdir(), 'app.db')): SqliteStore {
  const store = openSqliteStore({ file, busyTimeoutMs: 5000, synchronous: 'normal' })
  t.teardown(() => store.close())
  return store
}

await t.test('migrator on SQLite', (t) =>
  checkMigrator(t, async (t, beside) => openEmpty(t, beside?.name)),
)

for (const [name, empty] of MYSQL_SETUPS) {
  await t.test(`migrator on ${name}`, { skip: skipUnless('mariadb') }, async (t) => {
    const urlsOf = new Map<unknown, MysqlUrls>()
    await checkMigrator(t, async (t, beside) => {
      const urls = urlsOf.get(beside) ?? (await empty())
      const store = await startMysqlStore(t, urls)
      urlsOf.set(store, urls)
      return store
    })
  })
}

await t.test('migrator leaves nothing behind of a step that fails', async (t) => {
  const store = openEmpty(t)
  await store.write((db) => db.prepare('CREATE TABLE audit_events (mine)').run())
  await t.rejects(createMigrator(store).up(), { code: 'INTERNAL' })
  t.strictSame((await createMigrator(store).status()).applied, [])
  const users = store.read((db) =>
    db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'users'").get(),
  )
  t.equal(users, undefined)
})

await t.test('migrator does the work once for three processes at once', async (t) => {
  const file = join(t.testdir(), 'new', 'app.db')
  const runs = [1, 2, 3].map(() => runFixture(t, 'store-writer.js', ['migrate', file]))
  const ends = await Promise.all(runs.map((run) => run.ended))
  t.strictSame(
    ends.map(({ code }) => code),
    [0, 0, 0],
    ends.map(({ stderr }) => stderr).join('\n'),
  )
  const steps = runs.flatMap(({ lines }) => lines.flatMap((line) => JSON.parse(line) as string[]))
  t.strictSame(steps, NAMES)
})
