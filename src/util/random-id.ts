import { randomFillSync } from 'node:crypto'

const RANDOM_ID_BYTES = 16
/** Random bytes are fetched for this many ids at once: for one id, the fetching costs most of it. */
const POOL_IDS = 128

const pool = Buffer.alloc(RANDOM_ID_BYTES * POOL_IDS)
let used = pool.length

/**
 * 128 random bits in base64url: an id that nobody guesses, 22 characters. It never begins with a hyphen, which
 * a command line would take for an option.
 */
export function randomId(): string {
  for (;;) {
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const id = pool.toString('base64url', used, used + RANDOM_ID_BYTES)
    // An id that is out is not kept here for whoever reads this memory later.
    pool.fill(0, used, used + RANDOM_ID_BYTES)
    used += RANDOM_ID_BYTES
    if (!id.startsWith('-')) return id
  }
}
