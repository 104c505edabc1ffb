import { type Kysely, type Migration, sql } from 'kysely'
import t, { type Test } from 'tap'
import { MIGRATION_LOCK_TABLE } from '../../../src/repository/migration/migration-history.js'
import { createMigrator } from '../../../src/repository/migrator.js'
import type { MysqlStore } from '../../../src/repository/mysql/mysql-store.js'
import { resumableMigrations } from '../../../src/repository/mysql/resumable-migration.js'
import type { SqlSchema } from '../../../src/repository/sql-store.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { emptySingle, startMysqlStore } from './open-test-mysql.js'

const skip = skipUnless('mariadb')

const STEPS: Readonly<Record<string, Migration>> = {
  '1-table': {
    up: (db: Kysely<unknown>) =>
      db.schema.createTable('notes').addColumn('id', 'integer').execute(),
    down: (db: Kysely<unknown>) => db.schema.dropTable('notes').execute(),
  },
  '2-index': {
    up: (db: Kysely<unknown>) =>
      db.schema.createIndex('notes_by_id').on('notes').column('id').execute(),
    down: (db: Kysely<unknown>) => db.schema.dropIndex('notes_by_id').on('notes').execute(),
  },
}

/** A store with the steps above; `crash` ends a run like a killed process: after the statement, before the note. */
async function openSteps(t: Test) {
  const store: MysqlStore = await startMysqlStore(t, await emptySingle())
  let crashing: string | null = null
  const target = {
    name: store.name,
    migrations: Object.fromEntries(
      Object.entries(resumableMigrations(STEPS)).map(([name, step]) => {
        const stumble = async (run: Promise<void> | undefined): Promise<void> => {
          await run
          if (crashing === name) throw new Error('killed')
        }
        return [
          name,
          {
            up: (db: Kysely<unknown>) => stumble(step.up(db)),
            down: (db: Kysely<unknown>) => stumble(step.down?.(db)),
          },
        ]
      }),
    ),
    readHistory: () => store.readHistory(),
    withMigrationDb: <T>(work: (db: Kysely<SqlSchema>) => Promise<T>) =>
      store.withMigrationDb(work),
  }
  const migrator = createMigrator(target)
  return {
    store,
    migrator,
    crash: async (name: string, run: () => Promise<unknown>): Promise<void> => {
      crashing = name
      await t.rejects(run(), { code: 'INTERNAL' })
      crashing = null
    },
  }
}

await t.test('resumable migration goes on after a kill behind any step', { skip }, async (t) => {
  const { migrator, crash } = await openSteps(t)
  for (const name of Object.keys(STEPS)) {
    await crash(name, () => migrator.up())
    t.ok((await migrator.status()).pending.includes(name))
  }
  t.strictSame((await migrator.up()).steps, ['2-index'])
  t.strictSame((await migrator.status()).pending, [])
  for (const name of Object.keys(STEPS).reverse()) {
    await crash(name, () => migrator.down())
    t.strictSame((await migrator.down()).steps, [name])
  }
  t.strictSame((await migrator.up()).steps, Object.keys(STEPS), 'and up again')
})

await t.test(
  'resumable migration takes nothing for done that nobody began',
  { skip },
  async (t) => {
    const { store, migrator } = await openSteps(t)
    await store.withMigrationDb((db) => sql`create table notes (mine integer)`.execute(db))
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await t.rejects(migrator.up(), { code: 'INTERNAL', cause: { errno: 1050 } })
    }
    const { rows } = await store.withMigrationDb((db) =>
      sql`select id from ${sql.table(MIGRATION_LOCK_TABLE)} where is_locked = 1`.execute(db),
    )
    t.strictSame(rows, [])
  },
)

await t.test('resumable migration has a way back only where the step has one', async (t) => {
  const oneWay = resumableMigrations({ a: { up: async () => undefined } })
  t.strictSame(Object.keys(oneWay['a'] ?? {}), ['up'])
})
