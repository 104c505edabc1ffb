/** Users remembered one by one; with more than these, everybody counts as having written. */
const MARKS_MAX = 100_000

/**
 * Who wrote last when, on the clock of `performance.now()`: the instant at which the last write that concerns
 * a user was known to be over.
 */
export interface WriteMarks {
  /** `userIds` null: a write of which is not known whom it concerns, so it concerns everybody. */
  note(userIds: Iterable<string> | null, at: number): void
  /**
   * The last write that may concern the user; -Infinity when there is none. Null asks for the last write at
   * all: what a read must see of which is not known whom it is about.
   */
  of(userId: string | null): number
  /** Forgets the users whose last write was before `instant`. */
  forgetBefore(instant: number): void
  readonly size: number
}

export function createWriteMarks(marksMax = MARKS_MAX): WriteMarks {
  // In order of the instants, since each note moves its user to the end.
  const byUser = new Map<string, number>()
  let anybody = -Infinity
  let everybody = -Infinity

  return {
    note(userIds, at) {
      anybody = Math.max(anybody, at)
      if (userIds === null) everybody = Math.max(everybody, at)
      for (const userId of userIds ?? []) {
        const latest = Math.max(at, byUser.get(userId) ?? at)
        byUser.delete(userId)
        byUser.set(userId, latest)
      }
      if (byUser.size <= marksMax) return
      byUser.clear()
      everybody = anybody
    },
    of: (userId) =>
      userId === null ? anybody : Math.max(everybody, byUser.get(userId) ?? -Infinity),
    forgetBefore(instant) {
      for (const [userId, at] of byUser) {
        if (at >= instant) return
        byUser.delete(userId)
      }
    },
    get size() {
      return byUser.size
    },
  }
}
