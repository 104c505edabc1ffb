import { SessionCache, type TrustedRecord } from './session-cache.js'
import type { SessionKeys } from './session-key.js'
import {
  RECORD_FIELDS,
  type SessionRecord,
  toSessionRecord,
  UNKNOWN_SESSION,
} from './session-record.js'
import type { SessionRedis } from './session-redis.js'

export interface SessionReaderDeps {
  readonly redis: SessionRedis
  readonly keys: SessionKeys
  /** How many sessions this process remembers. */
  readonly entriesMax: number
}

/**
 * Reads sessions by their id alone, from this process's copy when that is certain. A session lies in the slot
 * of its user, so an id is first turned into its owner; that never changes and is kept whatever happens.
 */
export class SessionReader {
  readonly #redis: SessionRedis
  readonly #keys: SessionKeys
  readonly #entriesMax: number
  readonly #cache: SessionCache
  readonly #owners = new Map<string, string>()

  constructor({ redis, keys, entriesMax }: SessionReaderDeps) {
    this.#redis = redis
    this.#keys = keys
    this.#entriesMax = entriesMax
    this.#cache = new SessionCache(entriesMax)
    redis.onInvalidate((key) => this.#invalidate(key))
  }

  /** The record without asking Redis; undefined when it must be asked. */
  recall(sessionId: string): SessionRecord | undefined {
    return this.#cache.get(sessionId)
  }

  /** The record as Redis has it. Raises what the connection raises. */
  async read(sessionId: string): Promise<SessionRecord> {
    const userId = await this.ownerOf(sessionId)
    if (userId === null) return UNKNOWN_SESSION
    const key = this.#keys.ofSession(userId, sessionId)
    return this.#cache.load(sessionId, async (): Promise<TrustedRecord> => {
      const { reply, trust } = await this.#redis.read(key, ['HMGET', key, ...RECORD_FIELDS])
      return { record: toSessionRecord(sessionId, reply), trust }
    })
  }

  /** The user of a session, whether it lives or is over; null when it has never been, or is forgotten. */
  async ownerOf(sessionId: string): Promise<string | null> {
    const known = this.#owners.get(sessionId)
    if (known !== undefined) return known
    const key = this.#keys.ofOwner(sessionId)
    const reply = await this.#redis.send(key, ['GET', key])
    if (typeof reply !== 'string') return null
    this.rememberOwner(sessionId, reply)
    return reply
  }

  /** The owner, when this process has met the session. */
  recallOwner(sessionId: string): string | undefined {
    return this.#owners.get(sessionId)
  }

  rememberOwner(sessionId: string, userId: string): void {
    this.#owners.set(sessionId, userId)
    if (this.#owners.size <= this.#entriesMax) return
    const [oldest] = this.#owners.keys()
    if (oldest !== undefined) this.#owners.delete(oldest)
  }

  /** Forgets a copy at once: this process has changed the session, and the invalidation is on its way. */
  forget(sessionId: string): void {
    this.#cache.delete(sessionId)
  }

  #invalidate(key: string | null): void {
    if (key === null) {
      this.#cache.clear()
      return
    }
    const sessionId = this.#keys.sessionIdOf(key)
    if (sessionId !== null) this.#cache.delete(sessionId)
  }
}
