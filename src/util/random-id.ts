import { randomBytes } from 'node:crypto'

const RANDOM_ID_BYTES = 16

/** 128 random bits in base64url: an id that nobody guesses. 22 characters. */
export function randomId(): string {
  return randomBytes(RANDOM_ID_BYTES).toString('base64url')
}
