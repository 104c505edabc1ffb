import type { Clock } from '../../src/domain/clock.js'

/** A clock that stands still until told otherwise. */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): Clock & {
  advance(ms: number): void
} {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms
    },
  }
}
