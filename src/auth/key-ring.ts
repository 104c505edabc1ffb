import type { KeyObject } from 'node:crypto'
import { AppError } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { KeyAlgorithm, KeyDropper, PublicKeySet, PublicKeySource } from '../domain/token.js'
import type { StoredKey } from './key-folder.js'
import { signingKeyOf } from './key-status.js'
import type { KeyStore } from './key-store.js'

/** However many unknown key ids arrive, the directory is read for them at most this often. */
const UNKNOWN_KEY_COOLDOWN_MS = 1000
/** A key signs only when every process had this many looks at the directory since it was planned. */
const LOOKS_BEFORE_SIGNING = 2

/** The revision of a directory that cannot even be listed. */
const UNREADABLE = 'unreadable'

/** One key as the issuer and the verifier use it. The same object for as long as the key stays. */
export interface RingKey {
  readonly id: string
  readonly algorithm: KeyAlgorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface KeyRingDeps {
  readonly keyStore: KeyStore
  readonly clock: Clock
  readonly logger: Logger
  /** How often to look whether the key directory changed. */
  readonly reloadIntervalMs: number
}

/** The keys of this process: all loaded, replaced as a whole when the directory changes. */
export interface KeyRing extends PublicKeySource, KeyDropper {
  /**
   * Reads the keys and begins to watch them. Raises FAILED_PRECONDITION with reason `key_malformed`, or
   * `key_missing` when there is no key that signs.
   */
  start(): Promise<void>
  /** The key that signs now. Raises FAILED_PRECONDITION with reason `key_missing` before `start`. */
  signingKey(): RingKey
  /** As `signingKey`, after another look at the directory when there is none in the ring. */
  signer(): Promise<RingKey>
  /** The key of that id if it is in the ring at this moment; null when not. No I/O. */
  peek(keyId: string): RingKey | null
  /** As `peek`, after another look at the directory for an id that is not known, at most one a second. */
  find(keyId: string): Promise<RingKey | null>
  /** Stops watching. */
  close(): Promise<void>
}

interface Entry {
  readonly stored: StoredKey
  readonly key: RingKey
  readonly jwk: Readonly<Record<string, unknown>>
}

export function createKeyRing(deps: KeyRingDeps): KeyRing {
  return new DirectoryKeyRing(deps)
}

class DirectoryKeyRing implements KeyRing {
  readonly #deps: KeyRingDeps
  #entries: ReadonlyMap<string, Entry> = new Map()
  #publicKeySet: PublicKeySet = { keys: [] }
  /** What the directory looked like when it was last read well. */
  #revision: string | null = null
  /** What it looked like when it could not be read, and that was logged. */
  #failedRevision: string | null = null
  #reloading: Promise<void> | null = null
  #lastUnknownAt = -Infinity
  /** Never taken back into the ring: a look at the directory may have begun before they were removed. */
  readonly #burned = new Set<string>()
  #timer: NodeJS.Timeout | null = null

  constructor(deps: KeyRingDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    const { keyStore, reloadIntervalMs } = this.#deps
    // The revision is taken first: a change between the two is then seen as a change.
    this.#revision = await keyStore.revision()
    this.#replace(await keyStore.load())
    this.#timer = setInterval(() => void this.#reload(false), reloadIntervalMs)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    await this.#reloading
  }

  signingKey(): RingKey {
    const { clock, reloadIntervalMs } = this.#deps
    const stored = [...this.#entries.values()].map((entry) => entry.stored)
    const current = signingKeyOf(stored, clock.now() - LOOKS_BEFORE_SIGNING * reloadIntervalMs)
    const entry = current ? this.#entries.get(current.id) : undefined
    if (!entry) throw keyMissing()
    return entry.key
  }

  async signer(): Promise<RingKey> {
    try {
      return this.signingKey()
    } catch {
      await this.#lookAgain()
      return this.signingKey()
    }
  }

  drop(keyIds: readonly string[]): number {
    for (const keyId of keyIds) this.#burned.add(keyId)
    const before = this.#entries.size
    this.#install([...this.#entries.values()].filter(({ stored }) => !this.#burned.has(stored.id)))
    const dropped = before - this.#entries.size
    if (dropped > 0) void this.#lookAgain()
    return dropped
  }

  publicKeySet(): PublicKeySet {
    return this.#publicKeySet
  }

  peek(keyId: string): RingKey | null {
    return this.#entries.get(keyId)?.key ?? null
  }

  async find(keyId: string): Promise<RingKey | null> {
    const known = this.peek(keyId)
    if (known) return known
    const now = this.#deps.clock.now()
    // The distance either way: a clock that was set back must not stop the looking for hours.
    if (Math.abs(now - this.#lastUnknownAt) < UNKNOWN_KEY_COOLDOWN_MS) {
      await this.#reloading
    } else {
      this.#lastUnknownAt = now
      await this.#reload(true)
    }
    return this.peek(keyId)
  }

  /** A look that begins after this call. Never rejects. */
  async #lookAgain(): Promise<void> {
    await this.#reloading
    await this.#reload(true)
  }

  /** Never rejects. One at a time; whoever asks meanwhile waits for the same one. */
  #reload(force: boolean): Promise<void> {
    this.#reloading ??= this.#readDirectory(force).finally(() => {
      this.#reloading = null
    })
    return this.#reloading
  }

  async #readDirectory(force: boolean): Promise<void> {
    const { keyStore, logger } = this.#deps
    let revision = UNREADABLE
    try {
      revision = await keyStore.revision()
      const isChanged = revision !== this.#revision
      if (!isChanged && !force) return
      this.#replace(await keyStore.load())
      this.#revision = revision
      this.#failedRevision = null
      if (isChanged) logger.info({ keyIds: [...this.#entries.keys()] }, 'reloaded the signing keys')
    } catch (error) {
      // Tried again at each look, told once.
      if (revision !== this.#failedRevision) {
        logger.error({ err: error }, 'cannot read the signing keys; those in use stay')
      }
      this.#failedRevision = revision
      await this.#dropRetired()
    }
  }

  /** A key folder that cannot be read must not keep another one, which was retired, in use. */
  async #dropRetired(): Promise<void> {
    const present = new Set(await this.#deps.keyStore.keyIds().catch(() => []))
    const left = [...this.#entries.values()].filter((entry) => present.has(entry.stored.id))
    // An empty directory is a disk that went away, not a decision: the key that signs is never retired.
    if (left.length > 0 && left.length < this.#entries.size) this.#install(left)
  }

  /** Swaps the whole ring. Raises when nothing in it could sign, and then changes nothing. */
  #replace(stored: readonly StoredKey[]): void {
    const keys = stored.filter(({ id }) => !this.#burned.has(id))
    if (!signingKeyOf(keys, this.#deps.clock.now())) throw keyMissing()
    this.#install(keys.map((key) => this.#toEntry(key)))
  }

  #install(entries: readonly Entry[]): void {
    this.#entries = new Map(entries.map((entry) => [entry.stored.id, entry]))
    this.#publicKeySet = { keys: entries.map((entry) => entry.jwk) }
  }

  /** A key that was there before keeps its object, so that what was proved with it stays proved. */
  #toEntry(stored: StoredKey): Entry {
    const before = this.#entries.get(stored.id)
    const isSame =
      before?.stored.fingerprint === stored.fingerprint &&
      before.stored.algorithm === stored.algorithm
    if (before && isSame) return { ...before, stored }
    const { id, algorithm, privateKey, publicKey } = stored
    const members = publicKey.export({ format: 'jwk' })
    const jwk = Object.freeze({ ...members, kid: id, alg: algorithm, use: 'sig' })
    return { stored, key: { id, algorithm, privateKey, publicKey }, jwk }
  }
}

function keyMissing(): AppError {
  const message = 'There is no signing key; run "app keys generate" or start a service once.'
  return new AppError('FAILED_PRECONDITION', 'key_missing', message)
}
