import { setDeadline } from '../../util/deadline-timer.js'

/** A promise's way to fail, held until it settles or its time is over. */
export interface Deadline {
  /** The work is done: nothing will be called. */
  settle(): void
}

interface Entry extends Deadline {
  readonly endsAt: number
  onLate: (() => void) | undefined
}

/**
 * One deadline for many short waits, all of the same length: they end in the order in which they began, so
 * one timer for the oldest serves them all and a wait costs one object, not one timer.
 */
export class DeadlineQueue {
  readonly #timeoutMs: number
  #entries: Entry[] = []
  #head = 0
  #isArmed = false

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** Calls `onLate` once after `timeoutMs`, unless settled before. */
  add(onLate: () => void): Deadline {
    const entry: Entry = {
      endsAt: performance.now() + this.#timeoutMs,
      onLate,
      settle: () => {
        entry.onLate = undefined
      },
    }
    this.#entries.push(entry)
    if (!this.#isArmed) this.#arm(this.#timeoutMs)
    return entry
  }

  /** Waits that have neither settled nor ended; for tests and metrics. */
  get size(): number {
    return this.#entries.slice(this.#head).filter((entry) => entry.onLate !== undefined).length
  }

  #arm(delayMs: number): void {
    this.#isArmed = true
    // What waits holds the process open by its own connection; the timer must not do so on top.
    setDeadline(() => this.#sweep(), Math.max(1, Math.ceil(delayMs))).unref()
  }

  #sweep(): void {
    this.#isArmed = false
    const now = performance.now()
    for (;;) {
      const entry = this.#entries[this.#head]
      if (entry === undefined) {
        this.#entries = []
        this.#head = 0
        return
      }
      if (entry.onLate !== undefined && entry.endsAt > now) {
        this.#compact()
        this.#arm(entry.endsAt - now)
        return
      }
      this.#head += 1
      const { onLate } = entry
      entry.onLate = undefined
      onLate?.()
    }
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}
