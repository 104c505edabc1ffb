import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { AppError } from '../errors/app-error.js'
import type { SqliteConnection, SqliteStatement, SqlRow, SqlValue } from './sqlite-connection.js'

/** Where the dialect gets its connection from, and how it waits for the lock of the file. */
export interface ConnectionSource {
  /** The connection, for this caller alone until `release`. */
  acquire(): Promise<SqliteConnection>
  release(): void
  /** Opens a transaction that may write. */
  begin(connection: SqliteConnection): Promise<void>
  /** Runs one statement, waiting for the lock when there is no transaction; maps its errors. */
  attempt<T>(connection: SqliteConnection, statement: () => T): Promise<T>
}

/** SQLite's DDL is transactional, so all migrations run in one transaction and its lock keeps others out. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Kysely's SQLite dialect over the node:sqlite interface. */
export function createSqliteDialect(source: ConnectionSource): Dialect {
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => createDriver(source),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class KyselyConnection implements DatabaseConnection {
  readonly #source: ConnectionSource
  readonly connection: SqliteConnection

  constructor(source: ConnectionSource, connection: SqliteConnection) {
    this.#source = source
    this.connection = connection
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const parameters = query.parameters.map(toSqlValue)
    return this.#source.attempt(this.connection, () =>
      execute<R>(this.connection.prepare(query.sql), parameters),
    )
  }

  // An open cursor would pin a snapshot over several ticks; long reads go page by page.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    yield* []
    throw new AppError('UNIMPLEMENTED', 'stream_unsupported', 'Read page by page instead.')
  }
}

function createDriver(source: ConnectionSource): Driver {
  const run = (connection: DatabaseConnection, sql: string): Promise<unknown> => {
    const { connection: sqlite } = connection as KyselyConnection
    return source.attempt(sqlite, () => sqlite.prepare(sql).run())
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => new KyselyConnection(source, await source.acquire()),
    beginTransaction: (connection) => source.begin((connection as KyselyConnection).connection),
    commitTransaction: async (connection) => {
      await run(connection, 'COMMIT')
    },
    rollbackTransaction: async (connection) => {
      // Some failures (a full disk) have rolled back already.
      if ((connection as KyselyConnection).connection.isTransaction) {
        await run(connection, 'ROLLBACK')
      }
    },
    releaseConnection: async () => source.release(),
    destroy: async () => undefined,
  }
}

function execute<R>(statement: SqliteStatement, parameters: SqlValue[]): QueryResult<R> {
  if (statement.returnsRows) {
    const rows = statement.all(...parameters).map((row: SqlRow) => ({ ...row }))
    return { rows: rows as R[] }
  }
  const { changes, lastInsertRowid } = statement.run(...parameters)
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
}

/** SQLite knows no booleans and no `undefined`. */
function toSqlValue(value: unknown): SqlValue {
  if (value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  return value as SqlValue
}
