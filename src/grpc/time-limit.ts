/** What a time limit ends. */
export interface Limited {
  timeOut(): void
}

/** The same limit for everything that begins: what has not ended in time is told once. */
export interface TimeLimit {
  begin(limited: Limited): void
  end(limited: Limited): void
}

/**
 * One timer for all: what began first is due first, and a timer for each call costs more than all the rest of
 * its bookkeeping. It keeps no process alive, since the limit of a call that was cut off must not.
 */
export function createTimeLimit({ timeoutMs }: { timeoutMs: number }): TimeLimit {
  /** With the moment at which each is due, on the clock of `performance.now()`; in the order of that. */
  const waiting = new Map<Limited, number>()
  let timer: NodeJS.Timeout | undefined

  function arm(delayMs: number): void {
    timer = setTimeout(onTimer, delayMs).unref()
  }

  function onTimer(): void {
    timer = undefined
    const now = performance.now()
    for (const [limited, dueAt] of waiting) {
      if (dueAt > now) {
        arm(Math.ceil(dueAt - now))
        return
      }
      waiting.delete(limited)
      limited.timeOut()
    }
  }

  return {
    begin(limited) {
      waiting.set(limited, performance.now() + timeoutMs)
      if (timer === undefined) arm(timeoutMs)
    },
    end(limited) {
      waiting.delete(limited)
    },
  }
}
