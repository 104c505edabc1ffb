import { randomBytes } from 'node:crypto'

/**
 * A name that no other caller has, fit for a database (`[a-z0-9_]`, at most 64 characters) and for a
 * key prefix: what keeps the files of a test run apart on the servers they share.
 */
export function uniqueName(prefix = 'test'): string {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(prefix)) throw new Error(`unfit as a prefix: ${prefix}`)
  return `${prefix}_${randomBytes(8).toString('hex')}`
}
