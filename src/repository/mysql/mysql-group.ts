import { AppError, toAppError } from '../../errors/app-error.js'
import { storeUnavailable } from '../store-error.js'
import { APPLIED_SQL, covers, flavourOf, POSITION_SQL } from './gtid.js'
import type { MysqlFlavour } from './mysql-dialect.js'
import { causeOf, errnoOf, isFatal, isTimeout } from './mysql-error.js'
import type { MysqlServer } from './mysql-server.js'
import { createRepeater, type Repeater } from './repeater.js'
import { isReplicaFresh } from './replica-freshness.js'
import { createWriteMarks } from './write-mark.js'

export interface MysqlGroupOptions {
  readonly primary: MysqlServer
  readonly replicas: readonly MysqlServer[]
  /** How long after a write its user reads from the primary, and how stale a replica may be, in milliseconds. */
  readonly readYourWritesMs: number
  /** How often each server is asked how it is, in milliseconds. */
  readonly probeIntervalMs: number
  /** For a read with its second attempt, in milliseconds. */
  readonly readTimeoutMs: number
}

interface Replica {
  readonly server: MysqlServer
  readonly watch: Repeater
  /** All that was committed on the primary until this instant is on the replica. */
  caughtUpTo: number
}

/** What the primary had committed, at the latest at `at`, on the clock of `performance.now()`. */
interface PrimarySample {
  readonly at: number
  readonly position: string
}

/** What a read must see: every write that is older than it (`latest`), or at least those that it is about. */
export type ReadSubject =
  | { readonly kind: 'latest' }
  /** Whom the read is about. */
  | { readonly kind: 'user'; readonly userId: string }
  /** It is not known whom the read is about, so it must see whatever this process knows to be written. */
  | { readonly kind: 'anybody' }

const RETRY_PAUSE_MS = 100
// What waiting does not heal: no right, no such database.
const HOPELESS: ReadonlySet<number> = new Set([1044, 1045, 1049, 1698])

/** A primary and its replicas: which of them a read goes to. */
export class MysqlGroup {
  readonly primary: MysqlServer
  readonly #options: MysqlGroupOptions
  readonly #replicas: readonly Replica[]
  readonly #primaryWatch: Repeater
  readonly #marks = createWriteMarks()
  #flavour: MysqlFlavour | undefined
  #sample: PrimarySample | undefined
  #closing: Promise<void> | undefined

  constructor(options: MysqlGroupOptions) {
    this.primary = options.primary
    this.#options = options
    const { probeIntervalMs } = options
    this.#primaryWatch = createRepeater(() => this.#probePrimary(), probeIntervalMs)
    this.#replicas = options.replicas.map((server) => {
      const watch = createRepeater(() => this.#probeReplica(replica), probeIntervalMs)
      const replica: Replica = { server, watch, caughtUpTo: -Infinity }
      return replica
    })
  }

  /** Known from the first answer of the primary on. */
  get flavour(): MysqlFlavour {
    if (this.#flavour === undefined) throw storeUnavailable(undefined)
    return this.#flavour
  }

  /**
   * Resolves when the primary answers; replicas come in when they do. Raises UNAVAILABLE
   * (`store_unavailable`) naming the server when it does not answer in time, FAILED_PRECONDITION
   * (`store_refused`) when it refuses the account or has no such database.
   */
  async start(timeoutMs: number): Promise<void> {
    const endsAt = performance.now() + timeoutMs
    while (!this.primary.isUp) {
      const error = await this.#tryPrimary()
      if (error === null) break
      if (HOPELESS.has(errnoOf(error)))
        throw startFailed('FAILED_PRECONDITION', this.primary, error)
      if (performance.now() >= endsAt) throw startFailed('UNAVAILABLE', this.primary, error)
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS))
    }
    this.#primaryWatch.start()
    for (const { watch } of this.#replicas) watch.start()
  }

  /** The user ids of a write whose outcome is decided; null when it is not known whom it concerns. */
  noteWrite(userIds: Iterable<string> | null): void {
    if (this.#replicas.length > 0) this.#marks.note(userIds, performance.now())
  }

  /**
   * Runs one statement that only reads, on a server that has what the subject asks for. Tries once more,
   * elsewhere where it can, when the server is lost. Raises UNAVAILABLE in time.
   */
  async read(subject: ReadSubject, sql: string, parameters: readonly unknown[]): Promise<unknown> {
    const { readTimeoutMs } = this.#options
    const endsAt = performance.now() + readTimeoutMs
    const first = this.#choose(subject, null)
    const isReplica = first !== this.primary
    try {
      // A replica that is stalled must leave time for the primary.
      return await first.run(sql, parameters, isReplica ? readTimeoutMs / 2 : readTimeoutMs)
    } catch (error) {
      const second = this.#afterFailure(first, error) ? this.#choose(subject, first) : first
      const leftMs = endsAt - performance.now()
      const isRepeat = second === first && (isReplica || !isFatal(error) || isTimeout(error))
      if (isRepeat || leftMs <= 0) throw error
      return second.run(sql, parameters, leftMs)
    }
  }

  /** Raises UNAVAILABLE when nothing can be read from anywhere. */
  check(): void {
    const servers = [this.primary, ...this.#replicas.map(({ server }) => server)]
    if (!servers.some(({ isUp }) => isUp)) throw storeUnavailable(undefined)
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const watches = [this.#primaryWatch, ...this.#replicas.map(({ watch }) => watch)]
    const servers = [this.primary, ...this.#replicas.map(({ server }) => server)]
    const stopped = watches.map((watch) => watch.stop())
    await Promise.all([...stopped, ...servers.map((server) => server.close())])
  }

  /** True when another server may do what this one could not. */
  #afterFailure(server: MysqlServer, error: unknown): boolean {
    if (toAppError(error).code !== 'UNAVAILABLE') return false
    if (!isFatal(error)) return true
    const replica = this.#replicas.find((candidate) => candidate.server === server)
    if (replica) {
      server.setUp(false, toAppError(error).reason)
      replica.watch.hurry()
    } else {
      this.#primaryWatch.hurry()
    }
    return true
  }

  #choose(subject: ReadSubject, failed: MysqlServer | null): MysqlServer {
    if (subject.kind === 'latest') return this.primary
    const writtenAt = this.#marks.of(subject.kind === 'user' ? subject.userId : null)
    const isRecent = performance.now() < writtenAt + this.#options.readYourWritesMs
    const canAskPrimary = this.primary.isUp && this.primary !== failed
    if (isRecent && canAskPrimary) return this.primary
    const fresh = this.#replicas.filter(
      (replica) =>
        replica.server !== failed && replica.server.isUp && this.#isFresh(replica, writtenAt),
    )
    return fresh[Math.floor(Math.random() * fresh.length)]?.server ?? this.primary
  }

  #isFresh({ caughtUpTo }: Replica, writtenAt: number): boolean {
    return isReplicaFresh({
      caughtUpTo,
      writtenAt,
      // While the primary is away nobody writes, and no replica gets any staler.
      asOf: this.primary.isUp ? performance.now() : (this.#sample?.at ?? Infinity),
      staleMsMax: this.#options.readYourWritesMs,
    })
  }

  async #probePrimary(): Promise<void> {
    const error = await this.#tryPrimary()
    if (error !== null) this.primary.setUp(false, causeOf(error)?.message)
    this.primary.trim()
    this.#forgetMarks()
  }

  /** Asks the primary how far it is; null when it answers, else why not. */
  async #tryPrimary(): Promise<unknown> {
    try {
      this.#flavour ??= flavourOf(
        String((await this.primary.ask('select version() as version'))['version']),
      )
      const at = performance.now()
      const { position } = await this.primary.ask(POSITION_SQL[this.#flavour])
      this.#sample = { at, position: String(position) }
      this.primary.setUp(true)
      return null
    } catch (error) {
      return error
    }
  }

  async #probeReplica(replica: Replica): Promise<void> {
    const { server } = replica
    const { flavour } = this
    // Taken before the question: only what it covers has been proved.
    const sample = this.#sample ?? { at: -Infinity, position: '' }
    try {
      const parameters = flavour === 'mysql' ? [sample.position] : []
      const { applied } = await server.ask(APPLIED_SQL[flavour], parameters)
      if (covers(flavour, applied, sample.position)) replica.caughtUpTo = sample.at
      server.setUp(true)
    } catch (error) {
      server.setUp(false, causeOf(error)?.message)
    }
    server.trim()
  }

  /** A write that is older than the window, and that every replica has, needs no mark. */
  #forgetMarks(): void {
    const caughtUp = this.#replicas.map(({ caughtUpTo }) => caughtUpTo)
    const windowEnd = performance.now() - this.#options.readYourWritesMs
    this.#marks.forgetBefore(Math.min(windowEnd, ...caughtUp))
  }
}

function startFailed(
  code: 'UNAVAILABLE' | 'FAILED_PRECONDITION',
  server: MysqlServer,
  cause: unknown,
): AppError {
  const reason = code === 'UNAVAILABLE' ? 'store_unavailable' : 'store_refused'
  const why = causeOf(cause)?.message ?? 'unknown'
  const message = `The MySQL server ${server.address} cannot be used: ${why}.`
  return new AppError(code, reason, message, { cause })
}
