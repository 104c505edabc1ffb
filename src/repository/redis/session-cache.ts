import type { SessionRecord } from './session-record.js'
import type { ReadTrust } from './session-redis.js'

/** A record as it was read, and the trust in which it may be kept. */
export interface TrustedRecord {
  readonly record: SessionRecord
  readonly trust: ReadTrust | null
}

interface Reading {
  readonly record: Promise<SessionRecord>
}

/**
 * This process's copy of session records. An entry is used only while the connection that it was read on is
 * trusted and until its key is invalidated: it is as good as asking again.
 */
export class SessionCache {
  readonly #entriesMax: number
  readonly #entries = new Map<string, { record: SessionRecord; trust: ReadTrust }>()
  readonly #readings = new Map<string, Reading>()

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  /** The record, when it is certain; undefined when the store must be asked. */
  get(sessionId: string): SessionRecord | undefined {
    const entry = this.#entries.get(sessionId)
    if (entry === undefined) return undefined
    if (entry.trust.isTrusted) return entry.record
    this.#entries.delete(sessionId)
    return undefined
  }

  /** Reads the record, once for all who ask meanwhile, and keeps it when nothing changed it on the way. */
  load(sessionId: string, read: () => Promise<TrustedRecord>): Promise<SessionRecord> {
    const known = this.#readings.get(sessionId)
    if (known) return known.record
    const reading: Reading = { record: this.#read(sessionId, read, () => reading) }
    this.#readings.set(sessionId, reading)
    return reading.record
  }

  /** Forgets one session; a reading under way is not kept, and not shared with who asks from now on. */
  delete(sessionId: string): void {
    this.#entries.delete(sessionId)
    this.#readings.delete(sessionId)
  }

  clear(): void {
    this.#entries.clear()
    this.#readings.clear()
  }

  get size(): number {
    return this.#entries.size
  }

  async #read(
    sessionId: string,
    read: () => Promise<TrustedRecord>,
    own: () => Reading,
  ): Promise<SessionRecord> {
    // `own` exists from the next turn on.
    await Promise.resolve()
    try {
      const { record, trust } = await read()
      const isUnchanged = this.#readings.get(sessionId) === own()
      if (isUnchanged && trust?.isTrusted === true) this.#keep(sessionId, record, trust)
      return record
    } finally {
      if (this.#readings.get(sessionId) === own()) this.#readings.delete(sessionId)
    }
  }

  #keep(sessionId: string, record: SessionRecord, trust: ReadTrust): void {
    this.#entries.delete(sessionId)
    this.#entries.set(sessionId, { record, trust })
    if (this.#entries.size <= this.#entriesMax) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
