import { AppError, toAppError } from '../../errors/app-error.js'
import { storeBusy, storeUnavailable, takenError } from '../store-error.js'

// Error numbers of https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html; MariaDB has the same.
const ER_CHECKREAD = 1020
const ER_CON_COUNT_ERROR = 1040
const ER_SERVER_SHUTDOWN = 1053
const ER_DUP_ENTRY = 1062
const ER_QUERY_INTERRUPTED = 1317
const ER_TOO_MANY_USER_CONNECTIONS = 1203
const ER_LOCK_WAIT_TIMEOUT = 1205
const ER_LOCK_DEADLOCK = 1213
const ER_OPTION_PREVENTS_STATEMENT = 1290
const ER_READ_ONLY_MODE = 1836
const ER_CONNECTION_KILLED = 1927

/** Another transaction was in the way: nothing of this one has happened, and all of it may be tried again. */
const CONFLICTS: ReadonlySet<number> = new Set([
  ER_CHECKREAD,
  ER_LOCK_WAIT_TIMEOUT,
  ER_LOCK_DEADLOCK,
])

/** The server is there and cannot serve now, or not as this kind of server. */
const NOT_NOW: ReadonlySet<number> = new Set([
  ER_CON_COUNT_ERROR,
  ER_SERVER_SHUTDOWN,
  ER_QUERY_INTERRUPTED,
  ER_TOO_MANY_USER_CONNECTIONS,
  ER_OPTION_PREVENTS_STATEMENT,
  ER_READ_ONLY_MODE,
  ER_CONNECTION_KILLED,
])

/**
 * What is kept of a failure of the server or the connection. The text of the server is not: it quotes
 * statements and values, and an error ends up in the log.
 */
export class MysqlFailure extends Error {
  override readonly name = 'MysqlFailure'
  /** The name of the error, such as ER_DUP_ENTRY or ECONNREFUSED. */
  readonly code: string
  /** The number of the server's error; 0 when the server did not speak. */
  readonly errno: number
  /** True when the connection is of no more use. */
  readonly fatal: boolean

  constructor(code: string, errno: number, fatal: boolean) {
    super(errno === 0 ? code : `${code} (${errno})`)
    this.code = code
    this.errno = errno
    this.fatal = fatal
  }
}

/**
 * What a failure of MySQL means to the rest of the program: ALREADY_EXISTS for a taken name, UNAVAILABLE
 * (`store_busy`) for a conflict with another transaction, UNAVAILABLE (`store_unavailable`) for a server that
 * cannot be used now, else INTERNAL.
 */
export function toMysqlError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const failure = failureOf(thrown)
  if (failure === null) return toAppError(thrown)
  if (failure.errno === ER_DUP_ENTRY) {
    const taken = takenError(constraintOf(thrown))
    if (taken) return taken
  }
  if (CONFLICTS.has(failure.errno)) return storeBusy(failure)
  if (failure.fatal || NOT_NOW.has(failure.errno)) return storeUnavailable(failure)
  return toAppError(failure)
}

const TIMEOUTS = { connect: 'CONNECT_TIMEOUT', query: 'QUERY_TIMEOUT' } as const

/** The error of an answer that did not come in time; the connection is of no more use then. */
export function mysqlTimeout(what: keyof typeof TIMEOUTS): AppError {
  return storeUnavailable(new MysqlFailure(TIMEOUTS[what], 0, true))
}

/** The error of a server or a connection that is gone. */
export function mysqlLost(): AppError {
  return storeUnavailable(new MysqlFailure('PROTOCOL_CONNECTION_LOST', 0, true))
}

/** Whether the whole transaction may be tried again, since another one was in its way. */
export function isConflict(thrown: unknown): boolean {
  return CONFLICTS.has(errnoOf(thrown))
}

/** The number of the server's error behind an AppError; 0 when there is none. */
export function errnoOf(thrown: unknown): number {
  return causeOf(thrown)?.errno ?? 0
}

/** Whether the connection that raised it is of no more use. */
export function isFatal(thrown: unknown): boolean {
  return causeOf(thrown)?.fatal === true
}

/** Whether the server was given time and did not answer, which a second attempt would only repeat. */
export function isTimeout(thrown: unknown): boolean {
  const code = causeOf(thrown)?.code
  return code === TIMEOUTS.connect || code === TIMEOUTS.query
}

/** What an AppError keeps of a failure of MySQL; null for any other error. */
export function causeOf(thrown: unknown): MysqlFailure | null {
  return thrown instanceof AppError && thrown.cause instanceof MysqlFailure ? thrown.cause : null
}

interface DriverError extends Error {
  readonly code?: unknown
  readonly errno?: unknown
  readonly sqlState?: unknown
  readonly fatal?: unknown
  readonly sql?: unknown
}

/** Null for an error that is none of the server or the network: a mistake of the program. */
function failureOf(thrown: unknown): MysqlFailure | null {
  if (thrown instanceof MysqlFailure) return thrown
  if (!(thrown instanceof Error)) return null
  const { code, errno, sqlState, fatal } = thrown as DriverError
  if (typeof code !== 'string') return fatal === true ? new MysqlFailure('LOST', 0, true) : null
  // The errors of the system have numbers too, which are none of the server's.
  const isOfServer = typeof sqlState === 'string' && typeof errno === 'number'
  return new MysqlFailure(code, isOfServer ? errno : 0, fatal === true || !isOfServer)
}

/**
 * `Duplicate entry 'ann' for key 'users_username_unique'`; MySQL 8 puts the table and a dot before the key. Every
 * table calls its primary key PRIMARY, so that one is told apart by the statement.
 */
function constraintOf(thrown: unknown): string {
  const { message = '', sql } = thrown instanceof Error ? (thrown as DriverError) : {}
  const key = /for key '(?:[^'.]+\.)?([^'.]+)'$/.exec(message)?.[1] ?? ''
  if (key !== 'PRIMARY') return key
  return `${/^insert into `(\w+)`/.exec(String(sql))?.[1] ?? ''}.PRIMARY`
}
