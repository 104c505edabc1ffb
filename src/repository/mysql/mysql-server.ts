import type { Logger } from '../../domain/logger.js'
import { storeClosed } from '../store-error.js'
import {
  assertVerifiable,
  type MysqlConnection,
  type MysqlConnectionOptions,
  type MysqlTls,
  openMysqlConnection,
} from './mysql-connection.js'
import { addressOf, type MysqlEndpoint } from './mysql-endpoint.js'
import { mysqlLost } from './mysql-error.js'
import { MysqlPool } from './mysql-pool.js'

/** The same for every server of a store. */
export interface MysqlServerOptions {
  /** Absent: plain TCP. */
  readonly tls?: MysqlTls
  readonly connectionsMax: number
  readonly lifetimeMs: number
  readonly idleTimeoutMs: number
  /** How long a caller waits for a connection, be it a new one or one that others use, in milliseconds. */
  readonly connectTimeoutMs: number
  /** For one statement, in milliseconds. */
  readonly queryTimeoutMs: number
  readonly logger: Logger
}

/** Callers in line for one connection of the pool; beyond them the store is busy. */
const WAITERS_PER_CONNECTION_MAX = 100
/** A server that does not answer a probe for so long is taken for dead. */
const PROBE_TIMEOUT_MS = 1_000

/** One server: its pool, and a connection apart from it on which it is asked how it is. */
export class MysqlServer {
  readonly address: string
  readonly #options: MysqlServerOptions
  readonly #pool: MysqlPool
  readonly #probing: MysqlConnectionOptions
  #probe: MysqlConnection | undefined
  #isUp = false
  #isClosed = false

  constructor(endpoint: MysqlEndpoint, options: MysqlServerOptions) {
    const { tls, logger, connectTimeoutMs, queryTimeoutMs } = options
    const connecting = { endpoint, logger, ...(tls === undefined ? {} : { tls }) }
    assertVerifiable(endpoint, tls)
    this.address = addressOf(endpoint)
    this.#options = options
    this.#pool = new MysqlPool({
      open: () => openMysqlConnection({ ...connecting, connectTimeoutMs, queryTimeoutMs }),
      connectionsMax: options.connectionsMax,
      waitersMax: options.connectionsMax * WAITERS_PER_CONNECTION_MAX,
      acquireTimeoutMs: connectTimeoutMs,
      lifetimeMs: options.lifetimeMs,
      idleTimeoutMs: options.idleTimeoutMs,
    })
    this.#probing = {
      ...connecting,
      connectTimeoutMs: PROBE_TIMEOUT_MS,
      queryTimeoutMs: PROBE_TIMEOUT_MS,
    }
  }

  /** Whether it answered when it was last asked. */
  get isUp(): boolean {
    return this.#isUp
  }

  /** Says on the log when it changes. */
  setUp(isUp: boolean, why = ''): void {
    if (isUp === this.#isUp || this.#isClosed) return
    this.#isUp = isUp
    const { logger } = this.#options
    if (isUp) logger.info({ server: this.address }, 'MySQL server in use')
    else logger.warn({ server: this.address, why }, 'MySQL server left out')
  }

  /** As the pool does; at once UNAVAILABLE while the server is known to be down. */
  async acquire(timeoutMs?: number): Promise<MysqlConnection> {
    if (!this.#isUp && !this.#isClosed) throw mysqlLost()
    return this.#pool.acquire(timeoutMs)
  }

  release(connection: MysqlConnection): void {
    this.#pool.release(connection)
  }

  /** One statement on any connection, all of it within `budgetMs`. */
  async run(sql: string, parameters: readonly unknown[], budgetMs: number): Promise<unknown> {
    const { connectTimeoutMs, queryTimeoutMs } = this.#options
    const endsAt = performance.now() + budgetMs
    const connection = await this.acquire(Math.min(connectTimeoutMs, budgetMs))
    try {
      const leftMs = Math.max(1, endsAt - performance.now())
      return await connection.query(sql, parameters, Math.min(queryTimeoutMs, leftMs))
    } finally {
      this.release(connection)
    }
  }

  /** One statement on the connection for probes: its first row, empty when there is none. */
  async ask(sql: string, parameters: readonly unknown[] = []): Promise<Record<string, unknown>> {
    if (this.#isClosed) throw storeClosed()
    if (!this.#probe || this.#probe.isBroken) {
      const opened = await openMysqlConnection(this.#probing)
      if (this.#isClosed) {
        opened.destroy()
        throw storeClosed()
      }
      this.#probe = opened
    }
    const rows = (await this.#probe.query(sql, parameters)) as Record<string, unknown>[]
    return rows[0] ?? {}
  }

  /** Closes connections that are old or unused. */
  trim(): void {
    this.#pool.trim()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#probe?.destroy()
    await this.#pool.close(this.#options.queryTimeoutMs)
  }
}
