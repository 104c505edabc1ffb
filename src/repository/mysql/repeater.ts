/** Does the same thing over and over, one run at a time. */
export interface Repeater {
  start(): void
  /** Runs at once, or once more as soon as the run that is under way is over. */
  hurry(): void
  /** No further run begins; resolves when the one under way is over. Safe to call twice. */
  stop(): Promise<void>
}

/** `work` must not reject; `intervalMs` lies between the end of a run and the beginning of the next. */
export function createRepeater(work: () => Promise<void>, intervalMs: number): Repeater {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let isHurried = false
  let isStopped = false

  function plan(): void {
    if (isStopped) return
    timer = setTimeout(run, isHurried ? 0 : intervalMs)
    isHurried = false
  }

  function run(): void {
    running = work().finally(() => {
      running = undefined
      plan()
    })
  }

  return {
    start: run,
    hurry() {
      if (isStopped) return
      isHurried = true
      if (running) return
      clearTimeout(timer)
      plan()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
