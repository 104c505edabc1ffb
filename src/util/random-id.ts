import { randomBytes } from 'node:crypto'

const RANDOM_ID_BYTES = 16

/**
 * 128 random bits in base64url: an id that nobody guesses, 22 characters. It never begins with a hyphen, which
 * a command line would take for an option.
 */
export function randomId(): string {
  for (;;) {
    const id = randomBytes(RANDOM_ID_BYTES).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
