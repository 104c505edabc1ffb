/** How often a gap is reported again while it lasts, in milliseconds. */
const REPEAT_MS = 500

export interface GapWatchDeps {
  /** Whether every subscription of this part stands and is not in doubt. */
  readonly isSound: (part: string) => boolean
  /** Called when a gap begins, again while it lasts, and when it is over. */
  readonly report: (why: string, parts: readonly string[]) => void
  /** Called when a gap is over, after the report. */
  readonly onOver?: () => void
}

/** Follows the times in which messages may be lost, for parts that fail one by one. */
export interface GapWatch {
  start(): void
  enter(parts: readonly string[]): void
  /** No-op for parts that are in no gap. */
  leave(parts: readonly string[]): void
  close(): void
}

export function createGapWatch({ isSound, report, onOver }: GapWatchDeps): GapWatch {
  const inGap = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  function leave(parts: readonly string[]): void {
    const left = parts.filter((part) => inGap.delete(part))
    if (left.length === 0) return
    report('the subscriptions stand again', left)
    onOver?.()
  }

  function look(): void {
    // A connection that was only late becomes sound again without a new one.
    leave([...inGap].filter(isSound))
    if (inGap.size > 0) report('a subscription is down', [...inGap])
  }

  return {
    start() {
      timer ??= setInterval(look, REPEAT_MS).unref()
    },
    enter(parts) {
      for (const part of parts) inGap.add(part)
      report('a subscription is in doubt', parts)
    },
    leave,
    close: () => clearInterval(timer),
  }
}
