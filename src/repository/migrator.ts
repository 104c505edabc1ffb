import { type Kysely, type MigrationResultSet, Migrator as KyselyMigrator } from 'kysely'
import { toAppError } from '../errors/app-error.js'
import {
  type AppliedMigration,
  assertSchemaKnown,
  MIGRATION_LOCK_TABLE,
  MIGRATION_TABLE,
  type MigrationTarget,
} from './migration/migration-history.js'
import type { SqlSchema } from './sql-store.js'

export interface MigrationReport {
  readonly direction: 'up' | 'down'
  /** Names of the steps that ran, in order; empty when there was nothing to do. */
  readonly steps: readonly string[]
}

export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[]
  /** Names of the steps that `up` would run, in order. */
  readonly pending: readonly string[]
}

/**
 * Brings the database to this version of the program. Each method raises FAILED_PRECONDITION (`schema_newer`)
 * for a database of a newer one, and UNAVAILABLE when the store cannot be used.
 */
export interface Migrator {
  /**
   * Runs all pending steps: in one transaction where the database has one for DDL, else step by step. Several
   * processes may call it at once: one does the work.
   */
  up(): Promise<MigrationReport>
  /** Takes back the last step. */
  down(): Promise<MigrationReport>
  status(): Promise<MigrationStatus>
}

export function createMigrator(target: MigrationTarget): Migrator {
  const { migrations } = target
  const migratorOn = (db: Kysely<SqlSchema>): KyselyMigrator =>
    new KyselyMigrator({
      db,
      provider: { getMigrations: async () => ({ ...migrations }) },
      migrationTableName: MIGRATION_TABLE,
      migrationLockTableName: MIGRATION_LOCK_TABLE,
      // The shared list and SQLite's own grow independently.
      allowUnorderedMigrations: true,
    })

  const status = async (): Promise<MigrationStatus> => {
    const applied = await target.readHistory()
    assertSchemaKnown(applied, target)
    const names = new Set(applied.map(({ name }) => name))
    const pending = Object.keys(migrations)
      .sort()
      .filter((name) => !names.has(name))
    return { applied, pending }
  }

  const run = (work: (migrator: KyselyMigrator) => Promise<MigrationResultSet>) =>
    target.withMigrationDb(async (db) => stepsOf(await work(migratorOn(db))))

  return {
    status,
    up: async () => {
      // The usual start has nothing to do and should not pay for the question in detail.
      if ((await status()).pending.length === 0) return { direction: 'up', steps: [] }
      return { direction: 'up', steps: await run((migrator) => migrator.migrateToLatest()) }
    },
    down: async () => {
      if ((await status()).applied.length === 0) return { direction: 'down', steps: [] }
      return { direction: 'down', steps: await run((migrator) => migrator.migrateDown()) }
    },
  }
}

function stepsOf({ error, results }: MigrationResultSet): string[] {
  if (error !== undefined) throw toAppError(error)
  return (results ?? []).map(({ migrationName }) => migrationName)
}
