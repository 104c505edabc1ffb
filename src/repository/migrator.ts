import { type MigrationResultSet, Migrator as KyselyMigrator } from 'kysely'
import { toAppError } from '../errors/app-error.js'
import {
  type AppliedMigration,
  assertSchemaKnown,
  MIGRATION_LOCK_TABLE,
  MIGRATION_TABLE,
  readHistory,
  SQLITE_STORE_MIGRATIONS,
} from './migration/migration-history.js'
import type { SqliteStore } from './sqlite-store.js'

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
  /** Runs all pending steps in one transaction. Several processes may call it at once: one does the work. */
  up(): Promise<MigrationReport>
  /** Takes back the last step. */
  down(): Promise<MigrationReport>
  status(): Promise<MigrationStatus>
}

export function createMigrator(store: SqliteStore): Migrator {
  const kyselyMigrator = new KyselyMigrator({
    db: store.db,
    provider: { getMigrations: async () => ({ ...SQLITE_STORE_MIGRATIONS }) },
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: MIGRATION_LOCK_TABLE,
    // The shared list and SQLite's own grow independently.
    allowUnorderedMigrations: true,
  })

  const status = async (): Promise<MigrationStatus> =>
    store.read((connection) => {
      assertSchemaKnown(connection, store.file)
      const applied = readHistory(connection)
      const names = new Set(applied.map(({ name }) => name))
      const pending = Object.keys(SQLITE_STORE_MIGRATIONS)
        .sort()
        .filter((name) => !names.has(name))
      return { applied, pending }
    })

  return {
    status,
    up: async () => {
      // The usual start has nothing to do and should not pay for the question in detail.
      if ((await status()).pending.length === 0) return { direction: 'up', steps: [] }
      return { direction: 'up', steps: stepsOf(await kyselyMigrator.migrateToLatest()) }
    },
    down: async () => {
      if ((await status()).applied.length === 0) return { direction: 'down', steps: [] }
      return { direction: 'down', steps: stepsOf(await kyselyMigrator.migrateDown()) }
    },
  }
}

function stepsOf({ error, results }: MigrationResultSet): string[] {
  if (error !== undefined) throw toAppError(error)
  return (results ?? []).map(({ migrationName }) => migrationName)
}
