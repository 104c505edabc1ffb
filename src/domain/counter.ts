import { invalidArgument } from '../errors/app-error.js'

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
   * stands after it. `windowMs` counts from the first `add` and is not changed by later ones. Raises
   * INVALID_ARGUMENT for an amount or a window out of range.
   */
  add(key: string, amount: number, windowMs: number, now: number): Promise<CounterState>
  /** Takes the counter away; no-op when it is absent. */
  clear(key: string): Promise<void>
}

const AMOUNT_MAX = 1_000_000
/** One year: what is meant to last longer is no throttle. */
const WINDOW_MS_MAX = 366 * 24 * 60 * 60 * 1000

/** The limits of every implementation of `add`. Raises INVALID_ARGUMENT. */
export function assertCounterStep(amount: number, windowMs: number): void {
  if (!isIntegerWithin(amount, 0, AMOUNT_MAX)) {
    throw invalidArgument(`The amount must be an integer from 0 to ${AMOUNT_MAX}.`)
  }
  if (!isIntegerWithin(windowMs, 1, WINDOW_MS_MAX)) {
    throw invalidArgument(`The window must be an integer from 1 to ${WINDOW_MS_MAX} ms.`)
  }
}

function isIntegerWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}
