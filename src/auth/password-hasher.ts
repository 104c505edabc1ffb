import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { PasswordHasher } from '../domain/password.js'
import { createWorkQueue } from './work-queue.js'

export interface PasswordHasherOptions {
  /** argon2id (RFC 9106): memory in KiB, passes, lanes. */
  readonly memoryKib: number
  readonly iterations: number
  readonly parallelism: number
  /** How many run at once: they share libuv's threads with files and name look-ups. */
  readonly concurrency: number
  /** How many may wait for their turn. */
  readonly queueMax: number
}

type Costs = Pick<PasswordHasherOptions, 'memoryKib' | 'iterations' | 'parallelism'>

/** A stored hash may cost this many times what a new one does, so that the settings can be lowered. */
const COST_FACTOR_MAX = 4
const SALT_BYTES = 16
const HASH_BYTES = 32
/** The PHC form of argon2id, version 19, with a salt of 8 to 64 bytes and a hash of 16 to 64. */
const PHC_PATTERN =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/

export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { concurrency, queueMax } = options
  const queue = createWorkQueue({
    concurrency,
    queueMax,
    reason: 'hashing_busy',
    message: 'Too many sign-ins at this moment; try again shortly.',
  })
  const costs = {
    memoryCost: options.memoryKib,
    timeCost: options.iterations,
    parallelism: options.parallelism,
    outputLen: HASH_BYTES,
  }
  let dummy: string | null = null

  return {
    hash: (password) => queue.run(() => hash(password, costs)),
    verify: (stored, password) =>
      queue.run(async () => {
        const usable = stored !== null && isAffordable(stored, options)
        dummy ??= dummyHash(options)
        const matches = await verify(usable ? stored : dummy, password)
        return usable && matches
      }),
  }
}

/**
 * A well-formed hash of no password, with these costs: salt and hash are random. To check a password against
 * it takes exactly the work of a real check.
 */
export function dummyHash({ memoryKib, iterations, parallelism }: Costs): string {
  const salt = unpadded(randomBytes(SALT_BYTES))
  const digest = unpadded(randomBytes(HASH_BYTES))
  return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$${salt}$${digest}`
}

/** Whether a stored hash is one of ours in form and does not ask for more work than we are ready to do. */
function isAffordable(stored: string, limits: Costs): boolean {
  const match = PHC_PATTERN.exec(stored)
  if (!match) return false
  const [, memoryKib, iterations, parallelism] = match
  return (
    Number(memoryKib) <= limits.memoryKib * COST_FACTOR_MAX &&
    Number(iterations) <= limits.iterations * COST_FACTOR_MAX &&
    Number(parallelism) <= limits.parallelism * COST_FACTOR_MAX
  )
}

/** The base64 of the PHC format: standard alphabet, no padding. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
