/** Something that gathers output and writes it in one go. */
export interface Flushable {
  /** When its last flush began, in monotonic milliseconds. */
  readonly flushedAtMs: number
  /** Writes what it has gathered. Must not throw. */
  flush(): void
}

/** Decides when gathered output is written. */
export interface FlushQueue {
  /** Has `target` flushed soon; again before that changes nothing. */
  add(target: Flushable): void
  /** Forgets `target`. */
  remove(target: Flushable): void
  /** Forgets everything. */
  close(): void
}

/**
 * A quiet target is flushed at the end of the turn of the event loop, so a lone message loses no time. One whose flush
 * began less than `busyWindowMs` ago waits for the rest of that window: what comes meanwhile goes in the same write.
 */
export function createFlushQueue(busyWindowMs: number): FlushQueue {
  const soon = new Set<Flushable>()
  const later = new Set<Flushable>()
  let immediate: NodeJS.Immediate | null = null
  let timer: NodeJS.Timeout | null = null

  function flushSoon(): void {
    immediate = null
    flushAll(soon)
  }
  function flushLater(): void {
    timer = null
    flushAll(later)
  }

  return {
    add(target) {
      if (soon.has(target) || later.has(target)) return
      const leftMs = target.flushedAtMs + busyWindowMs - performance.now()
      if (leftMs > 0) {
        later.add(target)
        timer ??= setTimeout(flushLater, leftMs)
      } else {
        soon.add(target)
        immediate ??= setImmediate(flushSoon)
      }
    },
    remove(target) {
      soon.delete(target)
      later.delete(target)
    },
    close() {
      soon.clear()
      later.clear()
      if (immediate) clearImmediate(immediate)
      if (timer) clearTimeout(timer)
      immediate = null
      timer = null
    },
  }
}

/** A flush may add new targets, which are for the next time. */
function flushAll(targets: Set<Flushable>): void {
  const due = [...targets]
  targets.clear()
  for (const target of due) target.flush()
}
