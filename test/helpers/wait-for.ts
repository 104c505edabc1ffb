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

/**
 * Waits for `promise`; fails after `deadlineMs` with what was awaited. To be used where only timers that do
 * not hold the process would settle it: a bare `await` lets the process end before they fire.
 */
export async function settled<T>(
  what: string,
  promise: Promise<T>,
  deadlineMs = 10_000,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const onLate = (): void => reject(new Error(`not within ${deadlineMs} ms: ${what}`))
    timer = setTimeout(onLate, deadlineMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
