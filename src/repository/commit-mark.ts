import { fstatSync, openSync, readSync, statSync } from 'node:fs'

/** What a mark knows: nothing was committed since it was last asked, something was, or it cannot tell. */
export type CommitState = 'same' | 'committed' | 'unknown'

/** Tells whether anybody committed anything to a SQLite file, in this process or in another. */
export interface CommitMark {
  /** What happened since the last call; `unknown` at the first. A commit that has returned is never missed. */
  ask(): CommitState
}

/** Two copies of the header of the WAL index; a commit has changed both before it returns. */
const HEADER_BYTES = 96

/**
 * A mark for a file in write-ahead mode that a connection of this process has read from. It compares the header of
 * the index that all connections share (https://www.sqlite.org/walformat.html §2.1): a counter of transactions, the
 * length and the checksum of the log. One read of 96 bytes costs a fifth of the smallest query, which takes and
 * drops a lock by two system calls.
 */
export function openCommitMark(file: string): CommitMark {
  const descriptor = openIndex(`${file}-shm`)
  let known: Buffer | null = null
  let next: Buffer = Buffer.alloc(HEADER_BYTES)
  return {
    ask() {
      if (descriptor === null || !readHeader(descriptor, next)) return 'unknown'
      if (known?.equals(next) === true) return 'same'
      const state = known === null ? 'unknown' : 'committed'
      const spare = known ?? Buffer.alloc(HEADER_BYTES)
      known = next
      next = spare
      return state
    },
  }
}

/**
 * By device and inode, for the life of the process: closing a descriptor drops every POSIX lock that the process has
 * on the file, those of SQLite too.
 */
const descriptors = new Map<string, number>()

function openIndex(path: string): number | null {
  try {
    const known = descriptors.get(identityOf(statSync(path)))
    if (known !== undefined) return known
    const descriptor = openSync(path, 'r')
    descriptors.set(identityOf(fstatSync(descriptor)), descriptor)
    return descriptor
  } catch {
    return null
  }
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`
}

function readHeader(descriptor: number, header: Buffer): boolean {
  try {
    return readSync(descriptor, header, 0, HEADER_BYTES, 0) === HEADER_BYTES
  } catch {
    return false
  }
}
