import { sql } from 'kysely'
import type { Test } from 'tap'
import {
  MIGRATION_TABLE,
  type MigrationTarget,
} from '../../src/repository/migration/migration-history.js'
import { createMigrator } from '../../src/repository/migrator.js'
import type { SqlStore } from '../../src/repository/sql-store.js'

type Store = SqlStore & MigrationTarget

/** Opens a store on a new database; given one, one more store on that database. */
type Open = (t: Test, beside?: Store) => Promise<Store>

async function tablesOf(store: Store): Promise<string[]> {
  return store.withMigrationDb(async (db) => {
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
    return tables.map(({ name }) => name).sort()
  })
}

/** What the migrator promises on every SQL store. */
export async function checkMigrator(t: Test, open: Open): Promise<void> {
  const namesOf = (store: Store): string[] => Object.keys(store.migrations).sort()

  await t.test('every step runs once', async (t) => {
    const store = await open(t)
    const migrator = createMigrator(store)
    const names = namesOf(store)
    t.strictSame(await migrator.status(), { applied: [], pending: names })
    t.strictSame(await migrator.up(), { direction: 'up', steps: names })
    t.strictSame(await migrator.up(), { direction: 'up', steps: [] })
    const { applied, pending } = await migrator.status()
    t.strictSame(
      applied.map(({ name }) => name),
      names,
    )
    t.ok(applied.every(({ appliedAt }) => Number.isFinite(Date.parse(appliedAt))))
    t.strictSame(pending, [])
  })

  await t.test('back step by step, to nothing, and up again', async (t) => {
    const store = await open(t)
    const migrator = createMigrator(store)
    const names = namesOf(store)
    t.strictSame(await migrator.down(), { direction: 'down', steps: [] })
    await migrator.up()
    for (const name of names.toReversed()) {
      t.strictSame(await migrator.down(), { direction: 'down', steps: [name] })
      t.match((await migrator.status()).pending[0], name)
    }
    t.strictSame(await migrator.down(), { direction: 'down', steps: [] })
    t.ok((await tablesOf(store)).every((name) => /^schema_migration|^sqlite_/.test(name)))
    t.strictSame(await migrator.up(), { direction: 'up', steps: names })
  })

  await t.test('a database of a newer version is refused', async (t) => {
    const store = await open(t)
    const migrator = createMigrator(store)
    await migrator.up()
    await store.withMigrationDb((db) =>
      sql`insert into ${sql.table(MIGRATION_TABLE)} values ('2031-01-01-01-teleport', '')`.execute(
        db,
      ),
    )
    const newer = { code: 'FAILED_PRECONDITION', reason: 'schema_newer', message: /teleport/ }
    await t.rejects(migrator.status(), newer)
    await t.rejects(migrator.up(), newer)
    await t.rejects(migrator.down(), newer)
    await t.rejects(open(t, store), newer)
  })

  await t.test('a step that fails is not taken for done', async (t) => {
    const store = await open(t)
    const mine = (text: string) => store.withMigrationDb((db) => sql.raw(text).execute(db))
    await mine('CREATE TABLE audit_events (mine INTEGER)')
    const migrator = createMigrator(store)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await t.rejects(migrator.up(), { code: 'INTERNAL' })
      const { applied } = await migrator.status()
      t.notOk(applied.some(({ name }) => name.includes('audit-events')))
    }
    await mine('DROP TABLE audit_events')
    await migrator.up()
    t.strictSame((await migrator.status()).pending, [])
  })

  await t.test('several stores at once do the work once', async (t) => {
    const first = await open(t)
    const stores = [first, await open(t, first), await open(t, first)]
    const reports = await Promise.all(stores.map((store) => createMigrator(store).up()))
    t.strictSame(
      reports.flatMap(({ steps }) => steps),
      namesOf(first),
    )
  })
}
