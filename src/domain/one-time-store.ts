import { invalidArgument } from '../errors/app-error.js'

/**
 * Small secrets that are good once: the state of a sign-in with a provider, a reset link. Shared by all
 * processes. Every method raises UNAVAILABLE when the store cannot be reached in time.
 */
export interface OneTimeStore {
  /**
   * Keeps `value` (at most 16 KiB) under `key` until `expiresAt`, in place of what was there. Raises
   * INVALID_ARGUMENT for a longer value.
   */
  put(key: string, value: string, expiresAt: number): Promise<void>
  /** Takes the value away and answers with it, in one atomic step; null when absent, taken before or past its end. */
  take(key: string, now: number): Promise<string | null>
}

const VALUE_BYTES_MAX = 16 * 1024

/** The limit of every implementation of `put`. Raises INVALID_ARGUMENT. */
export function assertOneTimeValue(value: string): void {
  if (Buffer.byteLength(value) <= VALUE_BYTES_MAX) return
  throw invalidArgument(`The value must not be longer than ${VALUE_BYTES_MAX} bytes.`)
}
