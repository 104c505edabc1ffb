import { setTimeout as pause } from 'node:timers/promises'
import { redisUnavailable } from './redis-error.js'

const POLL_MS = 10

/** Waits until a first connection stands. Raises UNAVAILABLE when none does within `deadlineMs`. */
export async function waitUntilUp(isUp: () => boolean, deadlineMs: number): Promise<void> {
  const endsAt = performance.now() + deadlineMs
  while (!isUp()) {
    if (performance.now() > endsAt) throw redisUnavailable()
    await pause(POLL_MS)
  }
}

/** How long a start waits for the other servers once the first one answers, in milliseconds. */
const SETTLE_MS = 1_000

/**
 * Waits for a first server, then a moment for the others: one that is dead does not prevent a start.
 * Answers whether all stand; raises UNAVAILABLE when none does within `deadlineMs`.
 */
export async function waitUntilMostAreUp(
  up: { isAny: () => boolean; isAll: () => boolean },
  deadlineMs: number,
): Promise<boolean> {
  await waitUntilUp(up.isAny, deadlineMs)
  try {
    await waitUntilUp(up.isAll, Math.min(SETTLE_MS, deadlineMs))
    return true
  } catch {
    return false
  }
}
