/** Something that gathers output and writes it in one go. */
export interface Flushable {
  /** When its last flush began, in monotonic milliseconds. */
  readonly flushedAtMs: number
  /** How long that took, when it wrote more than one thing; else 0. In milliseconds. */
  readonly busyMs: number
  /** Writes what it has gathered. Must not throw. */
  flush(): void
}

/** Decides when gathered output is written. */
export interface FlushQueue {
  /** Has `target` flushed soon; again before that changes nothing. */
  add(target: Flushable): void
  /** Forgets `target`. */
  remove(target: Flushable): void
  /** Forgets everything. */
  close(): void
}

/** A busy target that is expensive to flush rests as long as it worked. */
const WINDOW_OF_BUSY_MS = 2
/** However expensive: nothing waits longer than this. */
const WINDOW_MS_MAX = 50
const EARLY_MS_MAX = 1

/**
 * A quiet target is flushed at the end of the turn of the event loop, so a lone message loses no time. One whose flush
 * began less than `busyWindowMs` ago waits for the rest of that window: what comes meanwhile goes in the same write. The
 * window of a target that had something to gather grows with what a flush of it costs, up to 50 ms: the more a room costs,
 * the more of its messages share that cost, and half of the time stays for everybody else. 0 gathers nothing.
 */
export function createFlushQueue(busyWindowMs: number): FlushQueue {
  return new TimedFlushQueue(busyWindowMs)
}

class TimedFlushQueue implements FlushQueue {
  readonly #busyWindowMs: number
  readonly #windowMsMax: number
  readonly #soon = new Set<Flushable>()
  /** Those in waiting, and until when. */
  readonly #later = new Map<Flushable, number>()
  #immediate: NodeJS.Immediate | null = null
  #timer: NodeJS.Timeout | null = null
  #timerAtMs = Infinity

  constructor(busyWindowMs: number) {
    this.#busyWindowMs = busyWindowMs
    this.#windowMsMax = busyWindowMs === 0 ? 0 : Math.max(busyWindowMs, WINDOW_MS_MAX)
  }

  add(target: Flushable): void {
    if (this.#soon.has(target) || this.#later.has(target)) return
    const longMs = Math.min(WINDOW_OF_BUSY_MS * target.busyMs, this.#windowMsMax)
    const dueAtMs = target.flushedAtMs + Math.max(this.#busyWindowMs, longMs)
    const nowMs = performance.now()
    if (dueAtMs > nowMs) {
      this.#later.set(target, dueAtMs)
      this.#wakeAt(dueAtMs, nowMs)
    } else {
      this.#soon.add(target)
      this.#immediate ??= setImmediate(() => this.#flushSoon())
    }
  }

  remove(target: Flushable): void {
    this.#soon.delete(target)
    this.#later.delete(target)
  }

  close(): void {
    this.#soon.clear()
    this.#later.clear()
    if (this.#immediate) clearImmediate(this.#immediate)
    if (this.#timer) clearTimeout(this.#timer)
    this.#immediate = null
    this.#timer = null
    this.#timerAtMs = Infinity
  }

  #wakeAt(dueAtMs: number, nowMs: number): void {
    if (dueAtMs >= this.#timerAtMs) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timerAtMs = dueAtMs
    this.#timer = setTimeout(() => this.#flushLater(), dueAtMs - nowMs)
  }

  #flushSoon(): void {
    this.#immediate = null
    // A flush may add new targets, which are for the next time.
    const due = [...this.#soon]
    this.#soon.clear()
    for (const target of due) target.flush()
  }

  #flushLater(): void {
    // A timer counts whole milliseconds from the beginning of its turn, so it may come early; nearly due is due.
    const untilMs = performance.now() + EARLY_MS_MAX
    this.#timer = null
    this.#timerAtMs = Infinity
    const due: Flushable[] = []
    let nextAtMs = Infinity
    for (const [target, dueAtMs] of this.#later) {
      if (dueAtMs <= untilMs) due.push(target)
      else nextAtMs = Math.min(nextAtMs, dueAtMs)
    }
    for (const target of due) this.#later.delete(target)
    if (nextAtMs !== Infinity) this.#wakeAt(nextAtMs, performance.now())
    for (const target of due) target.flush()
  }
}
