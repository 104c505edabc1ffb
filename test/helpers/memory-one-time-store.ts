import { assertOneTimeValue, type OneTimeStore } from '../../src/domain/one-time-store.js'

/** What a one-time store in memory keeps under a key. */
export interface OneTimeEntry {
  readonly value: string
  readonly expiresAt: number
}

/** One-time values in memory, with the rules of the port. */
export function createMemoryOneTimeStore(entries = new Map<string, OneTimeEntry>()): OneTimeStore {
  return {
    async put(key, value, expiresAt) {
      assertOneTimeValue(value)
      entries.set(key, { value, expiresAt })
    },
    async take(key, now) {
      const entry = entries.get(key)
      entries.delete(key)
      return entry && now < entry.expiresAt ? entry.value : null
    },
  }
}
