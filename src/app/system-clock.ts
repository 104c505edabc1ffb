import type { Clock } from '../domain/clock.js'

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() }
