/** Where a counter stands. */
export interface CounterState {
  readonly count: number
  /** When it begins at zero again, in milliseconds since the epoch. */
  readonly resetsAt: number
}

/**
 * Counts with an end, shared by all processes: the base of throttles and quotas. A counter exists from its
 * first `add` until its window is over; the window does not slide. Every method raises UNAVAILABLE when the
 * store cannot be reached in time.
 */
export interface CounterStore {
  /**
   * Adds `amount` (an integer from 0, which only looks, to 1,000,000) in one atomic step and answers with where the counter
   * stands after it. `windowMs` counts from the first `add` and is not changed by later ones.
   */
  add(key: string, amount: number, windowMs: number, now: number): Promise<CounterState>
  /** Takes the counter away; no-op when it is absent. */
  clear(key: string): Promise<void>
}
