/** How often a gap is reported again while it lasts, in milliseconds. */
const REPEAT_MS = 500

export interface GapWatchDeps {
  /** Whether every subscription stands and is not in doubt. */
  readonly isSound: () => boolean
  /** Called when a gap begins, again while it lasts, and when it is over. */
  readonly report: (why: string) => void
  /** Called when a gap is over, after the report. */
  readonly onOver: () => void
}

/** Follows the times in which messages may be lost. */
export interface GapWatch {
  start(): void
  enter(): void
  leave(): void
  close(): void
}

export function createGapWatch({ isSound, report, onOver }: GapWatchDeps): GapWatch {
  let isInGap = false
  let timer: NodeJS.Timeout | undefined

  function leave(): void {
    if (!isInGap) return
    isInGap = false
    report('the subscriptions stand again')
    onOver()
  }

  function look(): void {
    if (!isInGap) return
    // A connection that was only late becomes sound again without a new one.
    if (isSound()) leave()
    else report('a subscription is down')
  }

  return {
    start() {
      timer ??= setInterval(look, REPEAT_MS).unref()
    },
    enter() {
      isInGap = true
      report('a subscription is in doubt')
    },
    leave,
    close: () => clearInterval(timer),
  }
}
