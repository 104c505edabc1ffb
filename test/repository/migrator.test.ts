import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  MIGRATION_TABLE,
  SQLITE_STORE_MIGRATIONS,
} from '../../src/repository/migration/migration-history.js'
import { createMigrator } from '../../src/repository/migrator.js'
import { openSqliteStore, type SqliteStore } from '../../src/repository/sqlite-store.js'
import { runFixture } from './run-fixture.js'

const NAMES = Object.keys(SQLITE_STORE_MIGRATIONS).sort()

function openEmpty(t: Test, file = join(t.testdir(), 'app.db')): SqliteStore {
  const store = openSqliteStore({ file, busyTimeoutMs: 5000, synchronous: 'normal' })
  t.teardown(() => store.close())
  return store
}

async function addNewerStep(store: SqliteStore): Promise<void> {
  await store.write((db) =>
    db.prepare(`INSERT INTO ${MIGRATION_TABLE} VALUES ('2031-01-01-01-teleport', '')`).run(),
  )
}

await t.test('migrator runs every step once', async (t) => {
  const migrator = createMigrator(openEmpty(t))
  t.strictSame(await migrator.status(), { applied: [], pending: NAMES })
  t.strictSame(await migrator.up(), { direction: 'up', steps: NAMES })
  t.strictSame(await migrator.up(), { direction: 'up', steps: [] })
  const { applied, pending } = await migrator.status()
  t.strictSame(
    applied.map(({ name }) => name),
    NAMES,
  )
  t.ok(applied.every(({ appliedAt }) => Number.isFinite(Date.parse(appliedAt))))
  t.strictSame(pending, [])
})

await t.test('migrator goes back step by step, to nothing, and up again', async (t) => {
  const store = openEmpty(t)
  const migrator = createMigrator(store)
  t.strictSame(await migrator.down(), { direction: 'down', steps: [] })
  await migrator.up()
  for (const name of NAMES.toReversed()) {
    t.strictSame(await migrator.down(), { direction: 'down', steps: [name] })
    t.match((await migrator.status()).pending[0], name)
  }
  t.strictSame(await migrator.down(), { direction: 'down', steps: [] })
  const left = store.read((db) =>
    db.prepare("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").all(),
  )
  t.ok(left.every((row) => String(row['name']).startsWith('schema_migration')))
  t.strictSame(await migrator.up(), { direction: 'up', steps: NAMES })
})

await t.test('migrator refuses a database of a newer version, as opening it does', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const store = openEmpty(t, file)
  const migrator = createMigrator(store)
  await migrator.up()
  await addNewerStep(store)
  const newer = { code: 'FAILED_PRECONDITION', reason: 'schema_newer', message: /teleport/ }
  await t.rejects(migrator.status(), newer)
  await t.rejects(migrator.up(), newer)
  await t.rejects(migrator.down(), newer)
  t.throws(() => openEmpty(t, file), newer)
})

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

await t.test('migrator does the work once for stores of one process at once', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const stores = [openEmpty(t, file), openEmpty(t, file), openEmpty(t, file)]
  const reports = await Promise.all(stores.map((store) => createMigrator(store).up()))
  t.strictSame(
    reports.flatMap(({ steps }) => steps),
    NAMES,
  )
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
