import { type Driver, Kysely } from 'kysely'
import { toAppError } from '../../errors/app-error.js'
import { tryUntil } from '../../util/try-until.js'
import {
  type AppliedMigration,
  assertSchemaKnown,
  MIGRATION_TABLE,
  type MigrationTarget,
} from '../migration/migration-history.js'
import { SHARED_MIGRATIONS } from '../migration/shared-migrations.js'
import type { SqlSchema, SqlStore } from '../sql-store.js'
import {
  createConnectionDriver,
  createMysqlDialect,
  createRunDriver,
  type MysqlFlavour,
} from './mysql-dialect.js'
import { parseMysqlUrl } from './mysql-endpoint.js'
import { errnoOf, isConflict } from './mysql-error.js'
import { MysqlGroup, type ReadSubject } from './mysql-group.js'
import { MysqlServer, type MysqlServerOptions } from './mysql-server.js'
import { resumableMigrations } from './resumable-migration.js'

export interface MysqlStoreOptions extends MysqlServerOptions {
  /** `mysql://user:password@host:port/database` of the server that takes the writes. */
  readonly url: string
  /** Those of its replicas; empty when there is none. */
  readonly replicaUrls: readonly string[]
  /**
   * How long after a write its user reads from the primary, and how stale a read from a replica may be at
   * all, in milliseconds.
   */
  readonly readYourWritesMs: number
  /** How often each server is asked how it is, in milliseconds; 250 by default. */
  readonly probeIntervalMs?: number
  /** How long `start()` waits for the primary, in milliseconds; 5,000 by default. */
  readonly startTimeoutMs?: number
}

/** A MySQL or MariaDB database, opened once per process and shared by everything that uses it. */
export interface MysqlStore extends SqlStore, MigrationTarget {
  /**
   * Resolves when the primary answers; a replica that is dead does not matter. Raises UNAVAILABLE
   * (`store_unavailable`) or FAILED_PRECONDITION (`store_refused`, `schema_newer`), naming the server.
   */
  start(): Promise<void>
  /** Raises UNAVAILABLE when nothing can be read from anywhere. */
  check(): void
  /** The users of a write that another process made; null: not known whom it concerns. */
  noteForeignWrite(userIds: readonly string[] | null): void
  /**
   * Called with the users of each write of this process (null: not known whom) once its outcome is decided,
   * and awaited before the write is acknowledged. Never called without replicas.
   */
  onWrite(listener: (userIds: readonly string[] | null) => Promise<void>): void
  /** Waits for what is under way, then closes every connection. Safe to call twice. */
  close(): Promise<void>
}

const PROBE_INTERVAL_MS = 250
const START_TIMEOUT_MS = 5_000
/** A step may rebuild a large table. */
const MIGRATION_TIMEOUT_MS = 3_600_000

const ER_NO_SUCH_TABLE = 1146

/** Opens nothing yet: `start()` does. Raises INVALID_ARGUMENT for URLs that cannot be read. */
export function openMysqlStore(options: MysqlStoreOptions): MysqlStore {
  return new ServerStore(options)
}

class ServerStore implements MysqlStore {
  readonly name: string
  readonly migrations = resumableMigrations(SHARED_MIGRATIONS)
  readonly db: Kysely<SqlSchema>
  readonly reader: Kysely<SqlSchema>
  readonly latest: Kysely<SqlSchema>
  readonly isConflict = isConflict
  readonly #options: MysqlStoreOptions
  readonly #group: MysqlGroup
  readonly #listeners: ((userIds: readonly string[] | null) => Promise<void>)[] = []

  constructor(options: MysqlStoreOptions) {
    const { url, replicaUrls, connectTimeoutMs, queryTimeoutMs } = options
    const endpoint = parseMysqlUrl(url)
    const primary = new MysqlServer(endpoint, options)
    this.#options = options
    this.name = `${endpoint.database} on ${primary.address}`
    this.#group = new MysqlGroup({
      primary,
      replicas: replicaUrls.map((text) => new MysqlServer(parseMysqlUrl(text), options)),
      readYourWritesMs: options.readYourWritesMs,
      probeIntervalMs: options.probeIntervalMs ?? PROBE_INTERVAL_MS,
      readTimeoutMs: connectTimeoutMs + queryTimeoutMs,
    })
    this.db = this.#writerOn(primary)
    this.reader = this.#readerOf({ kind: 'anybody' })
    this.latest = this.#readerOf({ kind: 'latest' })
  }

  readerFor(userId: string): Kysely<SqlSchema> {
    const { replicaUrls } = this.#options
    return replicaUrls.length === 0 ? this.reader : this.#readerOf({ kind: 'user', userId })
  }

  async start(): Promise<void> {
    const startTimeoutMs = this.#options.startTimeoutMs ?? START_TIMEOUT_MS
    const endsAtMs = performance.now() + startTimeoutMs
    await this.#group.start(startTimeoutMs)
    // A primary that answered a moment ago may be slow with the next answer, or this process with reading it.
    const mayPass = (error: unknown): boolean => toAppError(error).code === 'UNAVAILABLE'
    assertSchemaKnown(await tryUntil(() => this.readHistory(), { endsAtMs, mayPass }), this)
  }

  check(): void {
    this.#group.check()
  }

  async noteWrite(userIds: Iterable<string> | null): Promise<void> {
    if (this.#options.replicaUrls.length === 0) return
    const concerned = userIds === null ? null : [...userIds]
    this.#group.noteWrite(concerned)
    // What is about nobody in particular is soon in the lists of the others, and worth no message.
    if (concerned?.length === 0) return
    await Promise.all(this.#listeners.map((listener) => listener(concerned)))
  }

  noteForeignWrite(userIds: readonly string[] | null): void {
    this.#group.noteWrite(userIds)
  }

  onWrite(listener: (userIds: readonly string[] | null) => Promise<void>): void {
    this.#listeners.push(listener)
  }

  async readHistory(): Promise<AppliedMigration[]> {
    try {
      const rows = await this.latest
        .withTables<{ [MIGRATION_TABLE]: { name: string; timestamp: string } }>()
        .selectFrom(MIGRATION_TABLE)
        .select(['name', 'timestamp'])
        .orderBy('name')
        .execute()
      return rows.map(({ name, timestamp }) => ({ name, appliedAt: timestamp }))
    } catch (error) {
      if (errnoOf(error) === ER_NO_SUCH_TABLE) return []
      throw error
    }
  }

  async withMigrationDb<T>(work: (db: Kysely<SqlSchema>) => Promise<T>): Promise<T> {
    const server = new MysqlServer(parseMysqlUrl(this.#options.url), {
      ...this.#options,
      queryTimeoutMs: MIGRATION_TIMEOUT_MS,
    })
    server.setUp(true)
    try {
      return await work(this.#writerOn(server))
    } finally {
      await server.close()
      await this.noteWrite(null)
    }
  }

  close(): Promise<void> {
    return this.#group.close()
  }

  #writerOn(server: MysqlServer): Kysely<SqlSchema> {
    return this.#kyselyOn(() => createConnectionDriver(server))
  }

  #readerOf(subject: ReadSubject): Kysely<SqlSchema> {
    return this.#kyselyOn(() =>
      createRunDriver((text, parameters) => this.#group.read(subject, text, parameters)),
    )
  }

  #kyselyOn(createDriver: () => Driver): Kysely<SqlSchema> {
    const flavour = (): MysqlFlavour => this.#group.flavour
    return new Kysely({ dialect: createMysqlDialect({ createDriver, flavour }) })
  }
}
