/** A deadline that has been set and can be taken back. */
export interface DeadlineTimer {
  /** Nothing will be called. Safe to call twice. */
  clear(): void
  /** Does not hold the process open. */
  unref(): DeadlineTimer
}

/**
 * Calls `onLate` after `ms`, for the answer of somebody else. A process that was busy for so long finds its timers due
 * before it has looked at its sockets: what has arrived by then is looked at first, and may take the deadline back.
 */
export function setDeadline(onLate: () => void, ms: number): DeadlineTimer {
  let immediate: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    immediate = setImmediate(onLate)
  }, ms)
  const deadline: DeadlineTimer = {
    clear() {
      clearTimeout(timer)
      clearImmediate(immediate)
    },
    unref() {
      timer.unref()
      return deadline
    },
  }
  return deadline
}
