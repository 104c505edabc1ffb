import type { EndedSession } from '../../domain/session.js'

const AGE_MAX_MS = 10 * 60_000
const COUNT_MAX = 2_000

/**
 * The sessions that this process ended lately. A server that comes back from an older snapshot, or a replica
 * promoted before it had everything, has forgotten the latest ends: they are told again.
 */
export interface RecentEnds {
  add(ended: readonly EndedSession[]): void
  /** Those of the last ten minutes, at most 2,000, oldest first. */
  list(): readonly EndedSession[]
}

export function createRecentEnds(now: () => number = () => performance.now()): RecentEnds {
  const ends = new Map<string, { ended: EndedSession; at: number }>()

  function prune(): void {
    const horizon = now() - AGE_MAX_MS
    for (const [id, { at }] of ends) {
      if (at >= horizon && ends.size <= COUNT_MAX) return
      ends.delete(id)
    }
  }

  return {
    add(list) {
      for (const ended of list) {
        ends.delete(ended.id)
        ends.set(ended.id, { ended, at: now() })
      }
      prune()
    },
    list() {
      prune()
      return [...ends.values()].map(({ ended }) => ended)
    },
  }
}
