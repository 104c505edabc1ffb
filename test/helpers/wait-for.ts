import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 5

/**
 * Waits until `condition` gives a truthy value and returns it; fails after `deadlineMs` with what was
 * awaited. The only place in the tests that lets time pass.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const value = await condition()
    if (value) return value
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await pause(POLL_MS)
  }
}
