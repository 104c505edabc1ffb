import {
  type CompiledQuery,
  type CreateTableNode,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
  sql,
} from 'kysely'
import { AppError } from '../../errors/app-error.js'
import { storeBusy } from '../store-error.js'
import type { MysqlConnection } from './mysql-connection.js'

/** Which of the two families a server is of: they differ in collations and in GTIDs. */
export type MysqlFlavour = 'mariadb' | 'mysql'

/** What a statement is run with: one connection, or whichever server is right for it. */
type Run = (sql: string, parameters: readonly unknown[]) => Promise<unknown>

/** Where transactions get their connection from. */
export interface ConnectionSource {
  /** A connection for this caller alone until `release`. */
  acquire(): Promise<MysqlConnection>
  release(connection: MysqlConnection): void
}

export interface MysqlDialectParts {
  readonly createDriver: () => Driver
  /** Asked when a table is made. */
  readonly flavour: () => MysqlFlavour
}

/** How long one of several processes that start at once waits for the migration of another, in seconds. */
const MIGRATION_LOCK_SECONDS = 60

/** Kysely's MySQL dialect over connections of our own, with deadlines. */
export function createMysqlDialect({ createDriver, flavour }: MysqlDialectParts): Dialect {
  return {
    createAdapter: () => new LockingMysqlAdapter(),
    createDriver,
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new ExactMysqlCompiler(flavour),
  }
}

/** Statements and transactions on connections of one server. */
export function createConnectionDriver(source: ConnectionSource): Driver {
  const run = async (connection: DatabaseConnection, text: string): Promise<void> => {
    await (connection as PooledConnection).connection.query(text, [])
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => new PooledConnection(await source.acquire()),
    beginTransaction: (connection) => run(connection, 'begin'),
    commitTransaction: (connection) => run(connection, 'commit'),
    rollbackTransaction: async (connection) => {
      const { connection: pooled } = connection as PooledConnection
      try {
        await pooled.query('rollback', [])
      } catch {
        // What failed before is what the caller must hear of. The server rolls back what is cut.
        pooled.destroy()
      }
    },
    releaseConnection: async (connection) => {
      source.release((connection as PooledConnection).connection)
    },
    destroy: async () => undefined,
  }
}

/** Single statements, each run by `run`; no transactions. */
export function createRunDriver(run: Run): Driver {
  const refuse = async (): Promise<never> => {
    throw new AppError('INTERNAL', 'reader_transaction', 'A reader opens no transaction.')
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => new RunConnection(run),
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  }
}

class RunConnection implements DatabaseConnection {
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return toQueryResult<R>(await this.#run(query.sql, query.parameters))
  }

  // A stream would hold its connection for as long as its reader likes; long reads go page by page.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    yield* []
    throw new AppError('UNIMPLEMENTED', 'stream_unsupported', 'Read page by page instead.')
  }
}

class PooledConnection extends RunConnection {
  readonly connection: MysqlConnection

  constructor(connection: MysqlConnection) {
    super((text, parameters) => connection.query(text, parameters))
    this.connection = connection
  }
}

interface OkHeader {
  readonly affectedRows: number
  readonly insertId: number
}

/** The driver answers with rows, or with a header that counts. */
function toQueryResult<R>(result: unknown): QueryResult<R> {
  if (Array.isArray(result)) return { rows: result as R[] }
  const { affectedRows, insertId } = result as OkHeader
  return { rows: [], numAffectedRows: BigInt(affectedRows), insertId: BigInt(insertId) }
}

/**
 * Every table compares text byte by byte, trailing spaces included, as SQLite does: two spellings of one name
 * are two names unless the program says otherwise. So no migration has to ask for it.
 */
class ExactMysqlCompiler extends MysqlQueryCompiler {
  readonly #flavour: () => MysqlFlavour

  constructor(flavour: () => MysqlFlavour) {
    super()
    this.#flavour = flavour
  }

  protected override visitCreateTable(node: CreateTableNode): void {
    super.visitCreateTable(node)
    const collation = this.#flavour() === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
    this.append(` engine = InnoDB default character set utf8mb4 collate ${collation}`)
  }
}

/** GET_LOCK is one name for the whole server, and answers instead of failing when the lock is not given. */
class LockingMysqlAdapter extends MysqlAdapter {
  override async acquireMigrationLock(db: Kysely<unknown>): Promise<void> {
    const { rows } = await sql<{ taken: number | null }>`
      select get_lock(${LOCK_NAME}, ${MIGRATION_LOCK_SECONDS}) as taken`.execute(db)
    if (rows[0]?.taken !== 1) throw storeBusy()
  }

  override async releaseMigrationLock(db: Kysely<unknown>): Promise<void> {
    await sql`select release_lock(${LOCK_NAME})`.execute(db)
  }
}

/** One lock per database; the name of a lock has at most 64 characters. */
const LOCK_NAME = sql<string>`concat('gatehouse:', sha1(database()))`
