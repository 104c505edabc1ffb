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
 * once. A few are sent at once. The clock decides how many are due, so a process that is busy with the parting of some
 * does not take longer than the window for all.
 */
export async function sendAwayPaced(leavers: Leaver[], windowMs: number): Promise<void> {
  shuffle(leavers)
  const startedAtMs = performance.now()
  const isAtOnce = leavers.length <= AT_ONCE || windowMs <= STEP_MS
  for (let sent = 0; sent < leavers.length;) {
    if (sent > 0) await pause(STEP_MS)
    const share = (performance.now() - startedAtMs + STEP_MS) / windowMs
    const due = isAtOnce || share >= 1 ? leavers.length : Math.ceil(leavers.length * share)
    for (const leaver of leavers.slice(sent, due)) leaver.sendAway()
    sent = Math.max(sent, due)
  }
}

/** Fisher and Yates. */
function shuffle(items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[items[last], items[other]] = [items[other], items[last]]
  }
}
