import { hash } from 'node:crypto'
import type { RingKey } from './key-ring.js'

/** A token whose signature held: what it says, and the key that proved it. Nothing else is proved. */
export interface SignedToken {
  readonly key: RingKey
  readonly type: string
  readonly claims: Readonly<Record<string, unknown>>
}

interface CachedToken {
  readonly signed: SignedToken
  /** When the token expires and the entry with it, in milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Remembers signatures that held, under the full SHA-256 of the token, the least used forgotten first. */
export interface SignatureCache {
  /** What was stored for exactly this token; null when nothing, or when it expired by `now`. */
  get(token: string, now: number): SignedToken | null
  set(token: string, signed: SignedToken, expiresAt: number): void
  delete(token: string): void
  readonly size: number
}

export function createSignatureCache(entriesMax: number): SignatureCache {
  const entries = new Map<string, CachedToken>()
  /** The youngest in the map: one that is used again and again is not moved each time. */
  let youngest = ''
  return {
    get(token, now) {
      const digest = digestOf(token)
      const entry = entries.get(digest)
      if (!entry) return null
      if (now >= entry.expiresAt) {
        entries.delete(digest)
        return null
      }
      if (digest === youngest) return entry.signed
      // A map keeps the order of insertion: taking an entry out and in again makes it the youngest.
      entries.delete(digest)
      entries.set(digest, entry)
      youngest = digest
      return entry.signed
    },
    set(token, signed, expiresAt) {
      const digest = digestOf(token)
      entries.delete(digest)
      entries.set(digest, { signed, expiresAt })
      youngest = digest
      if (entries.size <= entriesMax) return
      const oldest = entries.keys().next()
      if (!oldest.done) entries.delete(oldest.value)
    },
    delete(token) {
      entries.delete(digestOf(token))
    },
    get size() {
      return entries.size
    },
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64')
}
