import { isIP } from 'node:net'
import { createConnection, type ConnectionOptions, type SslOptions } from 'mysql2'
import type { Logger } from '../../domain/logger.js'
import { invalidArgument } from '../../errors/app-error.js'
import { setDeadline } from '../../util/deadline-timer.js'
import { addressOf, type MysqlEndpoint } from './mysql-endpoint.js'
import { isFatal, mysqlLost, mysqlTimeout, toMysqlError } from './mysql-error.js'

export interface MysqlConnectionOptions {
  readonly endpoint: MysqlEndpoint
  /** Absent: plain TCP. */
  readonly tls?: MysqlTls
  /** From dialling to the first statement, in milliseconds. */
  readonly connectTimeoutMs: number
  /** For one statement, in milliseconds. */
  readonly queryTimeoutMs: number
  /** Hears of each statement on level debug: its text, never its values. */
  readonly logger: Logger
}

/** How to verify the server's certificate. */
export interface MysqlTls {
  /** PEM text of the authorities that are trusted; absent: those of the machine. */
  readonly ca?: string
  /** False accepts any certificate: encrypted, but towards nobody knows whom. */
  readonly verify: boolean
}

/**
 * Raises INVALID_ARGUMENT when the certificate of a server is to be verified that is known by its address
 * only: the driver would compare it with another name.
 */
export function assertVerifiable({ host }: MysqlEndpoint, tls: MysqlTls | undefined): void {
  if (!tls?.verify || isIP(host) === 0) return
  const message =
    'To verify the certificate of a MySQL server its URL must name the host, not an address.'
  throw invalidArgument(message)
}

/** One connection, on which one statement runs at a time. */
export interface MysqlConnection {
  /** When it was opened, on the clock of `performance.now()`. */
  readonly openedAt: number
  /** True from the moment when it is of no more use. */
  readonly isBroken: boolean
  /**
   * Runs one statement: the rows, or the driver's header for a statement without rows. Raises what
   * `toMysqlError` gives; after `timeoutMs` (the configured one when not given) the connection is broken.
   */
  query(sql: string, parameters: readonly unknown[], timeoutMs?: number): Promise<unknown>
  /** Called once when it breaks. */
  onBroken(listener: () => void): void
  /** Cuts it. Safe to call twice. */
  destroy(): void
}

/** Long enough to be told apart from our own deadline, so that the server gives the lock up first. */
const LOCK_WAIT_SHARE = 0.5
/** The one spelling that MySQL and every MariaDB know: as a variable it has another name in each. */
const ISOLATION_SQL = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'

/**
 * Opens a connection whose settings do not depend on the server's: UTC, utf8mb4, strict values, and the
 * backslash as escape character, on which the driver relies when it writes values into a statement. Each
 * statement of a transaction reads what is committed by then (READ COMMITTED): who waited for the lock of a row
 * reads what the one before has made of it, as on SQLite, where writers go one after the other.
 * Raises UNAVAILABLE, or INTERNAL when the server refuses the account.
 */
export async function openMysqlConnection(
  options: MysqlConnectionOptions,
): Promise<MysqlConnection> {
  const startedAt = performance.now()
  const connection = await dial(options)
  try {
    for (const settings of [settingsOf(options), ISOLATION_SQL]) {
      const leftMs = options.connectTimeoutMs - (performance.now() - startedAt)
      await connection.query(settings, [], Math.max(1, leftMs))
    }
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

function dial(options: MysqlConnectionOptions): Promise<MysqlConnection> {
  const { connectTimeoutMs } = options
  return new Promise((resolve, reject) => {
    const raw = createConnection(driverOptionsOf(options))
    const connection = new DriverConnection(raw, options)
    const deadline = setDeadline(() => {
      connection.destroy()
      reject(mysqlTimeout('connect'))
    }, connectTimeoutMs)
    raw.connect((error) => {
      deadline.clear()
      if (error === null) return resolve(connection)
      connection.destroy()
      reject(toMysqlError(error))
    })
  })
}

function driverOptionsOf(options: MysqlConnectionOptions): ConnectionOptions {
  const { endpoint, tls } = options
  return {
    ...endpoint,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    // Its timer stops at the first byte of the server; ours at the end of the handshake.
    connectTimeout: 0,
    // An object as a value would become a list of assignments.
    stringifyObjects: true,
    flags: ['-LOCAL_FILES'],
    ...(tls === undefined ? {} : { ssl: sslOf(tls) }),
  }
}

function sslOf({ ca, verify }: MysqlTls): SslOptions {
  return {
    rejectUnauthorized: verify,
    // Without it the driver checks the chain and not whose certificate it is.
    verifyIdentity: verify,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  }
}

function settingsOf({ queryTimeoutMs }: MysqlConnectionOptions): string {
  const lockWaitSeconds = Math.max(1, Math.floor((queryTimeoutMs * LOCK_WAIT_SHARE) / 1_000))
  return (
    "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', " +
    `innodb_lock_wait_timeout = ${lockWaitSeconds}, foreign_key_checks = 1, unique_checks = 1, autocommit = 1`
  )
}

type RawConnection = ReturnType<typeof createConnection>

class DriverConnection implements MysqlConnection {
  readonly openedAt = performance.now()
  readonly #raw: RawConnection
  readonly #options: MysqlConnectionOptions
  #isBroken = false
  #listener: (() => void) | undefined

  constructor(raw: RawConnection, options: MysqlConnectionOptions) {
    this.#raw = raw
    this.#options = options
    // Losses between two statements are told here, each of them possibly more than once.
    raw.on('error', () => this.#break())
    raw.on('end', () => this.#break())
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  query(
    sql: string,
    parameters: readonly unknown[],
    timeoutMs = this.#options.queryTimeoutMs,
  ): Promise<unknown> {
    const startedAt = performance.now()
    return new Promise((resolve, reject) => {
      if (this.#isBroken) {
        reject(mysqlLost())
        return
      }
      const settle = (error: unknown, result?: unknown): void => {
        deadline.clear()
        this.#log(sql, parameters.length, startedAt, error)
        if (error === null) return resolve(result)
        const known = toMysqlError(error)
        if (isFatal(known)) this.destroy()
        reject(known)
      }
      const deadline = setDeadline(() => settle(mysqlTimeout('query')), timeoutMs)
      try {
        this.#raw.query(sql, [...parameters], settle)
      } catch (error) {
        settle(error)
      }
    })
  }

  onBroken(listener: () => void): void {
    this.#listener = listener
  }

  destroy(): void {
    this.#raw.destroy()
    this.#break()
  }

  #break(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#listener?.()
  }

  #log(sql: string, parameters: number, startedAt: number, error: unknown): void {
    const { logger, endpoint } = this.#options
    const ms = Math.round((performance.now() - startedAt) * 100) / 100
    const failed = error === null ? {} : { failed: toMysqlError(error).reason }
    logger.debug({ sql, parameters, ms, server: addressOf(endpoint), ...failed }, 'sql')
  }
}
