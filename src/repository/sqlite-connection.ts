import { DatabaseSync } from '@photostructure/sqlite'

export type SqlValue = string | number | bigint | Uint8Array | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A prepared statement. Its rows have a null prototype. */
export interface SqliteStatement {
  /** Whether it answers with rows. */
  readonly returnsRows: boolean
  get(...parameters: SqlValue[]): SqlRow | undefined
  /** As `get`, but the values in the order of the columns: a row without names costs a third less. */
  values(...parameters: SqlValue[]): readonly SqlValue[] | undefined
  all(...parameters: SqlValue[]): SqlRow[]
  run(...parameters: SqlValue[]): { changes: number; lastInsertRowid: number | bigint }
}

/** One connection, whose prepared statements are kept by their text. */
export interface SqliteConnection {
  prepare(sql: string): SqliteStatement
  exec(sql: string): void
  readonly isTransaction: boolean
  close(): void
}

/**
 * Statements kept per connection. The texts of this program are few and fixed; the bound is for those that
 * the query builder makes.
 */
const STATEMENTS_MAX = 256

/** Opens the file, which exists. The settings of the connection are the caller's. */
export function openSqliteConnection(file: string, busyTimeoutMs: number): SqliteConnection {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  const statements = new Map<string, SqliteStatement>()
  return {
    prepare: (sql) => {
      const known = statements.get(sql)
      if (known) return known
      const statement = prepareStatement(database, sql)
      if (statements.size >= STATEMENTS_MAX) dropOldest(statements)
      statements.set(sql, statement)
      return statement
    },
    exec: (sql) => database.exec(sql),
    get isTransaction() {
      return database.isOpen && database.isTransaction
    },
    close: () => {
      if (!database.isOpen) return
      // The library frees the file, and its locks, only with the last statement, when that is collected: so
      // end what holds a lock, and let go of all statements.
      if (database.isTransaction) database.exec('ROLLBACK')
      statements.clear()
      database.close()
    },
  }
}

type Database = InstanceType<typeof DatabaseSync>
type Prepared = ReturnType<Database['prepare']>

function prepareStatement(database: Database, sql: string): SqliteStatement {
  const prepared = database.prepare(sql)
  let unnamed: Prepared | null = null
  return {
    returnsRows: prepared.columns().length > 0,
    get: (...parameters) => prepared.get(...parameters) as SqlRow | undefined,
    values: (...parameters) => {
      unnamed ??= prepareUnnamed(database, sql)
      const row: unknown = unnamed.get(...parameters)
      return row as SqlValue[] | undefined
    },
    all: (...parameters) => prepared.all(...parameters) as SqlRow[],
    run: (...parameters) => prepared.run(...parameters),
  }
}

function prepareUnnamed(database: Database, sql: string): Prepared {
  const prepared = database.prepare(sql)
  prepared.setReturnArrays(true)
  return prepared
}

function dropOldest(statements: Map<string, SqliteStatement>): void {
  const [oldest] = statements.keys()
  if (oldest !== undefined) statements.delete(oldest)
}
