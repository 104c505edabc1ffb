import { AppError, toAppError } from '../errors/app-error.js'
import { storeBusy, storeUnavailable, takenError } from './store-error.js'

// Primary result codes of https://sqlite.org/rescode.html; the low byte of an extended code.
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555
const SQLITE_CONSTRAINT_UNIQUE = 2067

const TAKEN: ReadonlySet<number> = new Set([SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE])

const UNREACHABLE: ReadonlySet<number> = new Set([
  SQLITE_READONLY,
  SQLITE_IOERR,
  SQLITE_CORRUPT,
  SQLITE_FULL,
  SQLITE_CANTOPEN,
  SQLITE_NOTADB,
])

/** Whether somebody else held the lock: nothing has happened, and a retry may succeed. */
export function isBusy(thrown: unknown): boolean {
  const code = primaryCode(thrown)
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

/** Whether the file has something else in it than a database. */
export function isNotDatabase(thrown: unknown): boolean {
  const code = primaryCode(thrown)
  return code === SQLITE_NOTADB || code === SQLITE_CORRUPT
}

/**
 * What a failure of SQLite means to the rest of the program: ALREADY_EXISTS for a taken name, UNAVAILABLE
 * for a store that cannot be used now, else INTERNAL. SQL and file names stay in the cause.
 */
export function toStoreError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  if (isBusy(thrown)) return storeBusy(thrown)
  if (TAKEN.has(extendedCode(thrown)) && thrown instanceof Error) {
    const taken = takenError(thrown.message.replace('UNIQUE constraint failed: ', ''))
    if (taken) return taken
  }
  if (UNREACHABLE.has(primaryCode(thrown))) return storeUnavailable(thrown)
  return toAppError(thrown)
}

function extendedCode(thrown: unknown): number {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return 0
  return typeof thrown.errcode === 'number' ? thrown.errcode : 0
}

function primaryCode(thrown: unknown): number {
  return extendedCode(thrown) & 0xff
}
