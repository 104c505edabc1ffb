import { AppError } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import type {
  Revocation,
  RevocationLog,
  RevocationPage,
  RevocationPosition,
} from '../domain/revocation.js'

export const POSITION_CHARS_MAX = 512
/** Entries in one event. */
export const FEED_PAGE_MAX = 500
/** How much older than a token's life an end may be and still be told: clocks differ. */
const SNAPSHOT_MARGIN_MS = 60_000
const POSITION_PATTERN = /^([0-9a-z]{1,64})\.(\d{1,15})\.([^\s]{0,256})$/

/** What happens on a feed. Each event says where its reader stands after it. */
export type FeedEvent = { readonly position: string } & (
  | { readonly type: 'started'; readonly snapshot: boolean }
  | { readonly type: 'revocations'; readonly revocations: readonly Revocation[] }
  | { readonly type: 'caught-up' }
  | { readonly type: 'heartbeat' }
)

/**
 * Ended sessions as they happen, in the order of the log, for any number of readers. The log is the truth; a
 * nudge only makes the reading prompt.
 */
export interface RevocationFeed {
  /** How long a reader must remember an end, and how often it hears something at least. */
  readonly rememberSeconds: number
  readonly heartbeatIntervalMs: number
  /**
   * `started`, then what is in the log after the position (empty: all that a verifier must know), then
   * `caught-up` once, then what happens. Never ends by itself; aborting the signal raises its reason.
   * Raises INVALID_ARGUMENT (`position_malformed`), FAILED_PRECONDITION (`position_expired`) when the log does
   * not hold all that came after the position, UNAVAILABLE when it cannot be read.
   */
  watch(resumeAfter: string, signal: AbortSignal): AsyncGenerator<FeedEvent, never>
  /** Something was written: look now instead of at the next interval. */
  nudge(): void
}

export interface RevocationFeedDeps {
  readonly revocationLog: RevocationLog
  readonly clock: Clock
}

export interface RevocationFeedOptions {
  /** The longest life of an access token, in seconds. */
  readonly accessTokenSeconds: number
  /** How often the log is read when nobody nudges. */
  readonly pollIntervalMs: number
  readonly heartbeatIntervalMs: number
}

/** Creates a feed; nothing is read while nobody watches. */
export function createRevocationFeed(
  deps: RevocationFeedDeps,
  options: RevocationFeedOptions,
): RevocationFeed {
  return new LogFeed(deps, options)
}

class LogFeed implements RevocationFeed {
  readonly rememberSeconds: number
  readonly heartbeatIntervalMs: number
  readonly #deps: RevocationFeedDeps
  readonly #pollIntervalMs: number
  readonly #sleepers = new Set<() => void>()
  /** Readings under way, by position and nudge: readers at the end of the log all stand at one place. */
  readonly #readings = new Map<string, Promise<RevocationPage | null>>()
  #nudges = 0

  constructor(deps: RevocationFeedDeps, options: RevocationFeedOptions) {
    this.#deps = deps
    this.#pollIntervalMs = options.pollIntervalMs
    this.rememberSeconds = options.accessTokenSeconds
    this.heartbeatIntervalMs = options.heartbeatIntervalMs
  }

  nudge(): void {
    this.#nudges += 1
    for (const wake of this.#sleepers) wake()
  }

  async *watch(resumeAfter: string, signal: AbortSignal): AsyncGenerator<FeedEvent, never> {
    const snapshot = resumeAfter === ''
    let position = snapshot ? await this.#snapshotPosition() : parsePosition(resumeAfter)
    yield { type: 'started', snapshot, position: formatPosition(position) }
    let toldAt = performance.now()
    for (let isCaughtUp = false; ;) {
      signal.throwIfAborted()
      const nudges = this.#nudges
      const page = await this.#read(position, nudges)
      if (page === null) throw positionExpired()
      position = page.position
      const { revocations } = page
      const at = formatPosition(position)
      if (revocations.length > 0) yield { type: 'revocations', revocations, position: at }
      const isAtEnd = revocations.length < FEED_PAGE_MAX
      if (isAtEnd && !isCaughtUp) {
        isCaughtUp = true
        yield { type: 'caught-up', position: at }
      } else if (revocations.length === 0) {
        if (performance.now() - toldAt < this.heartbeatIntervalMs) {
          await this.#sleep(nudges, signal)
          continue
        }
        yield { type: 'heartbeat', position: at }
      }
      toldAt = performance.now()
    }
  }

  /** Everything that can still matter to somebody who verifies tokens. */
  #snapshotPosition(): Promise<RevocationPosition> {
    const lifeMs = this.rememberSeconds * 1_000 + SNAPSHOT_MARGIN_MS
    return this.#deps.revocationLog.positionAt(this.#deps.clock.now() - lifeMs)
  }

  #read(position: RevocationPosition, nudges: number): Promise<RevocationPage | null> {
    // A reading that began before the nudge may have been too early for what the nudge is about.
    const key = `${nudges}.${formatPosition(position)}`
    const underWay = this.#readings.get(key)
    if (underWay) return underWay
    const reading = this.#deps.revocationLog
      .read(position, FEED_PAGE_MAX)
      .finally(() => this.#readings.delete(key))
    this.#readings.set(key, reading)
    return reading
  }

  /** Until the next nudge after `nudges`, the interval, or the abort. */
  async #sleep(nudges: number, signal: AbortSignal): Promise<void> {
    if (nudges !== this.#nudges || signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#sleepers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const intervalMs = Math.min(this.#pollIntervalMs, this.heartbeatIntervalMs)
      const timer = setTimeout(wake, intervalMs).unref()
      this.#sleepers.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}

function formatPosition({ epoch, number, sessionId }: RevocationPosition): string {
  return `${epoch}.${number}.${sessionId}`
}

function parsePosition(text: string): RevocationPosition {
  const match = text.length > POSITION_CHARS_MAX ? null : POSITION_PATTERN.exec(text)
  const [, epoch, number, sessionId] = match ?? []
  if (epoch !== undefined && sessionId !== undefined) {
    return { epoch, number: Number(number), sessionId }
  }
  const message = 'The position is not one that this feed has given.'
  const details = [{ path: 'resumeAfter', message }]
  throw new AppError('INVALID_ARGUMENT', 'position_malformed', message, { details })
}

function positionExpired(): AppError {
  return new AppError(
    'FAILED_PRECONDITION',
    'position_expired',
    'The log does not reach back to this position; forget what is known and begin without one.',
  )
}
