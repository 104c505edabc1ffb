import { setTimeout as pause } from 'node:timers/promises'

/** Something that can be told to go. */
interface Leaver {
  sendAway(): void
}

/** How often some are sent. */
const STEP_MS = 20
/** So few come back at once without hurting anybody. */
const AT_ONCE = 20

/**
 * Sends all away in random order, evenly over the window, so that those who come back elsewhere do not come all at
 * once. A few are sent at once.
 */
export async function sendAwayPaced(leavers: Leaver[], windowMs: number): Promise<void> {
  shuffle(leavers)
  const steps = leavers.length <= AT_ONCE ? 1 : Math.max(1, Math.floor(windowMs / STEP_MS))
  const perStep = Math.ceil(leavers.length / steps)
  for (let start = 0; start < leavers.length; start += perStep) {
    if (start > 0) await pause(STEP_MS)
    for (const leaver of leavers.slice(start, start + perStep)) leaver.sendAway()
  }
}

/** Fisher and Yates. */
function shuffle(items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[items[last], items[other]] = [items[other], items[last]]
  }
}
