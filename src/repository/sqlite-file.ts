import { closeSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { AppError } from '../errors/app-error.js'
import { openSqliteConnection, type SqliteConnection } from './sqlite-connection.js'
import { isBusy, isNotDatabase } from './sqlite-error.js'
import { storeBusy } from './store-error.js'

export interface SqliteFileOptions {
  readonly file: string
  /** How long one statement waits for the lock of another process, in milliseconds. */
  readonly busyTimeoutMs: number
  /** `full` also survives a power cut without losing the last commits; `normal` survives a killed process. */
  readonly synchronous: 'normal' | 'full'
}

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const RETRY_MS = 5

/**
 * Makes the folder and the file when they are missing, readable by their owner only, and answers with the
 * resolved path. Raises UNAVAILABLE (`store_unavailable`).
 */
export function ensureSqliteFile(file: string): string {
  const path = resolve(file)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE })
    try {
      // Exclusive, so that a descriptor is never opened and closed on a database that this process already
      // uses: closing one drops all POSIX locks that the process has on the file.
      closeSync(openSync(path, 'ax', FILE_MODE))
    } catch (error) {
      if (!isAlreadyThere(error)) throw error
    }
    return realpathSync(path)
  } catch (error) {
    throw openFailed(path, error)
  }
}

/** Which file is at the path now: device and inode; null when there is none. */
export function identifyFile(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats ? `${stats.dev}:${stats.ino}` : null
}

/** The connection that writes. `spinMs` is how long a statement may block the thread for the lock. */
export function openWriter(options: SqliteFileOptions, spinMs: number): SqliteConnection {
  return openConfigured(options, (connection) => {
    useWriteAheadLog(connection, options)
    connection.exec(`PRAGMA synchronous = ${options.synchronous}`)
    connection.exec('PRAGMA foreign_keys = ON')
    connection.exec(`PRAGMA busy_timeout = ${Math.min(options.busyTimeoutMs, spinMs)}`)
  })
}

/** A connection that only reads and sees each commit at once. */
export function openReader(options: SqliteFileOptions): SqliteConnection {
  return openConfigured(options, (connection) => {
    connection.exec('PRAGMA query_only = ON')
  })
}

function openConfigured(
  options: SqliteFileOptions,
  configure: (connection: SqliteConnection) => void,
): SqliteConnection {
  let connection: SqliteConnection | undefined
  try {
    connection = openSqliteConnection(options.file, options.busyTimeoutMs)
    connection.exec('PRAGMA trusted_schema = OFF')
    configure(connection)
    return connection
  } catch (error) {
    connection?.close()
    throw openFailed(options.file, error)
  }
}

/**
 * The change to write-ahead logging needs the whole file for a moment, and SQLite may answer "busy" without
 * waiting when several processes open a new file at once.
 */
function useWriteAheadLog(connection: SqliteConnection, options: SqliteFileOptions): void {
  const deadline = performance.now() + options.busyTimeoutMs
  for (;;) {
    try {
      connection.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

function openFailed(file: string, thrown: unknown): AppError {
  if (isBusy(thrown)) return storeBusy(thrown)
  if (isNotDatabase(thrown)) {
    const message = `The file ${file} is not a database or is damaged.`
    return new AppError('FAILED_PRECONDITION', 'store_invalid', message, { cause: thrown })
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  const message = `The database ${file} cannot be opened: ${why}`
  return new AppError('UNAVAILABLE', 'store_unavailable', message, { cause: thrown })
}

function isAlreadyThere(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST'
}
