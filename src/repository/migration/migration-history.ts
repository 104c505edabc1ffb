import type { Kysely, Migration } from 'kysely'
import { AppError } from '../../errors/app-error.js'
import type { SqlSchema } from '../sql-store.js'
import type { SqliteConnection } from '../sqlite-connection.js'
import { SHARED_MIGRATIONS } from './shared-migrations.js'
import { SQLITE_MIGRATIONS } from './sqlite-migrations.js'

export const MIGRATION_TABLE = 'schema_migrations'
export const MIGRATION_LOCK_TABLE = 'schema_migration_lock'

/** All steps of a SQLite database, by name; the names sort in the order in which the steps run. */
export const SQLITE_STORE_MIGRATIONS: Readonly<Record<string, Migration>> = {
  ...SHARED_MIGRATIONS,
  ...SQLITE_MIGRATIONS,
}

/** A step that the database has behind it. */
export interface AppliedMigration {
  readonly name: string
  /** ISO 8601. */
  readonly appliedAt: string
}

/** A database with a schema that can be brought up to date, whichever it is. */
export interface MigrationTarget {
  /** What messages call it: a file, or a database on a server. */
  readonly name: string
  /** All steps, by name; the names sort in the order in which the steps run. */
  readonly migrations: Readonly<Record<string, Migration>>
  /** What the database has behind it, in the order of names; empty for a new one. */
  readHistory(): Promise<AppliedMigration[]>
  /** Runs `work` with a database on which a statement may take as long as it needs. */
  withMigrationDb<T>(work: (db: Kysely<SqlSchema>) => Promise<T>): Promise<T>
}

/** What a SQLite database has behind it, in the order of names; empty for a new one. */
export function readHistory(connection: SqliteConnection): AppliedMigration[] {
  const table = connection
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
    .get(MIGRATION_TABLE)
  if (!table) return []
  return connection
    .prepare(`SELECT name, timestamp FROM ${MIGRATION_TABLE} ORDER BY name`)
    .all()
    .map((row) => ({ name: String(row['name']), appliedAt: String(row['timestamp']) }))
}

/**
 * Refuses a database with a step that this program does not know.
 * Raises FAILED_PRECONDITION (`schema_newer`) with the name of the database and the step.
 */
export function assertSchemaKnown(
  applied: readonly AppliedMigration[],
  { name: database, migrations }: Pick<MigrationTarget, 'name' | 'migrations'>,
): void {
  const unknown = applied.find(({ name }) => !(name in migrations))
  if (!unknown) return
  const message =
    `The database ${database} belongs to a newer version of this program ` +
    `(it has the migration ${unknown.name}). Run that version, or restore an older backup.`
  throw new AppError('FAILED_PRECONDITION', 'schema_newer', message)
}
