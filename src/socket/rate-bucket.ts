const SECOND_MS = 1_000

/** Lets so many through in a second, and one second's worth at once. Instants in monotonic milliseconds. */
export class RateBucket {
  #allowance: number
  #atMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#allowance = perSecond
    this.#atMs = nowMs
  }

  /** Takes one; false when there is none left. */
  take(perSecond: number, nowMs: number): boolean {
    const refill = ((nowMs - this.#atMs) * perSecond) / SECOND_MS
    this.#allowance = Math.min(perSecond, this.#allowance + refill)
    this.#atMs = nowMs
    if (this.#allowance < 1) return false
    this.#allowance -= 1
    return true
  }
}
