import { setTimeout as pause } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { AppError } from '../errors/app-error.js'
import { type CommitMark, openCommitMark } from './commit-mark.js'
import {
  type AppliedMigration,
  assertSchemaKnown,
  type MigrationTarget,
  readHistory,
  SQLITE_STORE_MIGRATIONS,
} from './migration/migration-history.js'
import type { SqlSchema, SqlStore } from './sql-store.js'
import type { SqliteConnection } from './sqlite-connection.js'
import { type ConnectionSource, createSqliteDialect } from './sqlite-dialect.js'
import { isBusy, toStoreError } from './sqlite-error.js'
import {
  ensureSqliteFile,
  identifyFile,
  openReader,
  openWriter,
  type SqliteFileOptions,
} from './sqlite-file.js'
import { storeBusy, storeClosed } from './store-error.js'
import { shareWriteGate, type WriteGate } from './write-gate.js'

export type SqliteStoreOptions = SqliteFileOptions

/** A connection of its own that notices when anybody else has written. */
export interface SqliteWatch {
  /** A number that changes with each commit of another connection, in this process or in another. */
  dataVersion(): number
  read<T>(work: (connection: SqliteConnection) => T): T
  /** Safe to call twice. */
  close(): void
}

/** One SQLite file, opened once per process and shared by everything that uses it. */
export interface SqliteStore extends SqlStore, MigrationTarget {
  /** The resolved path. */
  readonly file: string
  /**
   * Runs `work`, which must be synchronous, in one immediate transaction: committed when it returns, rolled
   * back when it throws (the error is passed on). Writers go in order of arrival, transactions of `db`
   * included. Raises UNAVAILABLE with `store_busy` when its turn does not come within the busy timeout.
   */
  write<T>(work: (connection: SqliteConnection) => T): Promise<T>
  /** Runs `work`, which must be synchronous and only read, on what is committed now. Never waits for a writer. */
  read<T>(work: (connection: SqliteConnection) => T): T
  openWatch(): SqliteWatch
  /** Tells `read` of nothing new for less than a read costs; `unknown` also when the file was replaced. */
  openMark(): CommitMark
  /** Opens the file that is at the path now if it is not the one that was opened. True when it was not. */
  reopenIfReplaced(): Promise<boolean>
  /** Waits for the writers in line, then closes every connection. Safe to call twice. */
  close(): Promise<void>
}

/** How long a statement may block the thread for the lock of another process before it waits without blocking. */
const SPIN_MS = 5
const RETRY_MS_MIN = 1
const RETRY_MS_SPREAD = 4

/**
 * Opens the database, and makes it when it is missing. Raises UNAVAILABLE (`store_unavailable`, `store_busy`)
 * when it cannot be opened, FAILED_PRECONDITION when the file is no database (`store_invalid`) or belongs to
 * a newer version of the program (`schema_newer`). The messages name the file.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return new FileStore({ ...options, file: ensureSqliteFile(options.file) })
}

interface Connections {
  readonly writer: SqliteConnection
  readonly reader: SqliteConnection
  /** Device and inode of the file they are open on. */
  readonly identity: string | null
}

class FileStore implements SqliteStore {
  readonly file: string
  readonly name: string
  readonly migrations = SQLITE_STORE_MIGRATIONS
  readonly db: Kysely<SqlSchema>
  readonly reader: Kysely<SqlSchema>
  /** A commit is seen by every reader at once. */
  readonly latest: Kysely<SqlSchema>
  readonly #options: SqliteFileOptions
  readonly #gate: WriteGate
  readonly #releaseGate: () => void
  readonly #watches = new Set<SqliteWatch>()
  #connections: Connections
  #closed = false
  #closing: Promise<void> | undefined

  constructor(options: SqliteFileOptions) {
    this.file = options.file
    this.name = options.file
    this.#options = options
    this.#connections = openConnections(options)
    const { gate, release } = shareWriteGate(options.file)
    this.#gate = gate
    this.#releaseGate = release
    this.db = new Kysely({ dialect: createSqliteDialect(this.#writing()) })
    this.reader = new Kysely({ dialect: createSqliteDialect(this.#reading()) })
    this.latest = this.reader
  }

  readerFor(): Kysely<SqlSchema> {
    return this.reader
  }

  async noteWrite(): Promise<void> {}

  /** Writers go one after the other. */
  isConflict(): boolean {
    return false
  }

  async readHistory(): Promise<AppliedMigration[]> {
    return this.read(readHistory)
  }

  withMigrationDb<T>(work: (db: Kysely<SqlSchema>) => Promise<T>): Promise<T> {
    return work(this.db)
  }

  async write<T>(work: (connection: SqliteConnection) => T): Promise<T> {
    this.#assertTaking()
    if (!this.#gate.tryEnter()) await this.#gate.enter(this.#options.busyTimeoutMs)
    try {
      this.#assertOpen()
      const { writer } = this.#connections
      if (!tryBegin(writer)) await this.#begin(writer)
      return commitOrRollback(writer, work)
    } finally {
      this.#gate.leave()
    }
  }

  read<T>(work: (connection: SqliteConnection) => T): T {
    this.#assertOpen()
    try {
      return work(this.#connections.reader)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  openWatch(): SqliteWatch {
    this.#assertTaking()
    const connection = openReader(this.#options)
    const read = <T>(work: (connection: SqliteConnection) => T): T => {
      try {
        return work(connection)
      } catch (error) {
        throw toStoreError(error)
      }
    }
    const watch: SqliteWatch = {
      read,
      dataVersion: () =>
        read(() => Number(connection.prepare('PRAGMA data_version').get()?.['data_version'])),
      close: () => {
        this.#watches.delete(watch)
        connection.close()
      },
    }
    this.#watches.add(watch)
    return watch
  }

  openMark(): CommitMark {
    let connections: Connections | null = null
    let mark: CommitMark | null = null
    return {
      ask: () => {
        this.#assertOpen()
        if (connections !== this.#connections || mark === null) {
          connections = this.#connections
          mark = openCommitMark(this.file)
        }
        return mark.ask()
      },
    }
  }

  async reopenIfReplaced(): Promise<boolean> {
    this.#assertTaking()
    const identity = identifyFile(this.file)
    // A missing file is not replaced: what is open stays in use by every process that has it.
    if (identity === null || identity === this.#connections.identity) return false
    await this.#gate.enter(this.#options.busyTimeoutMs)
    try {
      this.#assertOpen()
      const replaced = this.#connections
      this.#connections = openConnections(this.#options)
      replaced.writer.close()
      replaced.reader.close()
      return true
    } finally {
      this.#gate.leave()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeInTurn()
    return this.#closing
  }

  async #closeInTurn(): Promise<void> {
    // A transaction that does not end within the timeout is rolled back by the closing of its connection.
    const entered = await this.#gate.enter(this.#options.busyTimeoutMs).then(
      () => true,
      () => false,
    )
    this.#closed = true
    for (const watch of [...this.#watches]) watch.close()
    const { writer, reader } = this.#connections
    reader.close()
    checkpoint(writer)
    writer.close()
    if (entered) this.#gate.leave()
    this.#releaseGate()
  }

  #writing(): ConnectionSource {
    return {
      acquire: async () => {
        this.#assertTaking()
        if (!this.#gate.tryEnter()) await this.#gate.enter(this.#options.busyTimeoutMs)
        if (!this.#closed) return this.#connections.writer
        this.#gate.leave()
        throw storeClosed()
      },
      release: () => this.#gate.leave(),
      begin: async (connection) => {
        if (!tryBegin(connection)) await this.#begin(connection)
      },
      attempt: async (connection, statement) => {
        this.#assertOpen()
        try {
          return statement()
        } catch (error) {
          // Outside a transaction a busy statement has done nothing and may be tried again.
          if (connection.isTransaction || !isBusy(error)) throw toStoreError(error)
        }
        return this.#untilFree(statement)
      },
    }
  }

  #reading(): ConnectionSource {
    return {
      acquire: async () => {
        this.#assertOpen()
        return this.#connections.reader
      },
      release: () => undefined,
      begin: async () => {
        throw new AppError('INTERNAL', 'reader_transaction', 'A reader opens no transaction.')
      },
      attempt: async (_connection, statement) => this.read(statement),
    }
  }

  #begin(writer: SqliteConnection): Promise<void> {
    return this.#untilFree(() => {
      writer.exec('BEGIN IMMEDIATE')
    })
  }

  /** Repeats `attempt` while another process has the lock, without blocking the thread between. */
  async #untilFree<T>(attempt: () => T): Promise<T> {
    const deadline = performance.now() + this.#options.busyTimeoutMs
    for (;;) {
      await pause(RETRY_MS_MIN + Math.random() * RETRY_MS_SPREAD)
      this.#assertOpen()
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error)) throw toStoreError(error)
        if (performance.now() >= deadline) throw storeBusy(error)
      }
    }
  }

  #assertTaking(): void {
    if (this.#closing) throw storeClosed()
  }

  #assertOpen(): void {
    if (this.#closed) throw storeClosed()
  }
}

function openConnections(options: SqliteFileOptions): Connections {
  const writer = openWriter(options, SPIN_MS)
  try {
    const target = { name: options.file, migrations: SQLITE_STORE_MIGRATIONS }
    assertSchemaKnown(readHistory(writer), target)
    return { writer, reader: openReader(options), identity: identifyFile(options.file) }
  } catch (error) {
    writer.close()
    throw toStoreError(error)
  }
}

/** False when another process has the lock. */
function tryBegin(writer: SqliteConnection): boolean {
  try {
    writer.prepare('BEGIN IMMEDIATE').run()
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw toStoreError(error)
  }
}

function commitOrRollback<T>(
  writer: SqliteConnection,
  work: (connection: SqliteConnection) => T,
): T {
  try {
    const result = work(writer)
    if (result instanceof Promise) {
      throw new TypeError('The work of a write must be synchronous.')
    }
    writer.prepare('COMMIT').run()
    return result
  } catch (error) {
    if (writer.isTransaction) writer.prepare('ROLLBACK').run()
    throw toStoreError(error)
  }
}

/** Empties the log into the file, so that the file alone is the whole database, unless others use it still. */
function checkpoint(writer: SqliteConnection): void {
  try {
    if (!writer.isTransaction) writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  } catch {
    // The log stays where it is; the next one to open the file reads it.
  }
}
