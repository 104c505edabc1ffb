/**
 * Small secrets that are good once: the state of a sign-in with a provider, a reset link. Shared by all
 * processes. Every method raises UNAVAILABLE when the store cannot be reached in time.
 */
export interface OneTimeStore {
  /** Keeps `value` (at most 16 KiB) under `key` until `expiresAt`, in place of what was there. */
  put(key: string, value: string, expiresAt: number): Promise<void>
  /** Takes the value away and answers with it, in one atomic step; null when absent, taken before or past its end. */
  take(key: string, now: number): Promise<string | null>
}
