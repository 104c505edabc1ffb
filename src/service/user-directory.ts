import type { Clock } from '../domain/clock.js'
import type { User, UserRepository } from '../domain/user.js'

const ENTRIES_MAX = 50_000
/** The backstop for a change that nobody told this process of. */
const AGE_MS_MAX = 60_000

/**
 * Accounts as the reads of signed-in callers see them, from the memory of this process: bounded, told of every
 * change in every process, and at most a minute old when that news was lost. For showing who somebody is;
 * never for credentials, and never for a decision about what somebody may do.
 */
export interface UserDirectory {
  /** Null when absent. Raises UNAVAILABLE when the store must be asked and cannot be. */
  find(userId: string): Promise<User | null>
  /**
   * These users have changed, or any may have (null): what is known of them is not used any more. A read that
   * begins now must see the change.
   */
  forget(userIds: readonly string[] | null): void
}

export interface UserDirectoryDeps {
  readonly users: Pick<UserRepository, 'findById'>
  readonly clock: Clock
  /** How many users this process remembers; replaced in tests. */
  readonly entriesMax?: number
}

export function createUserDirectory(deps: UserDirectoryDeps): UserDirectory {
  const { users, clock, entriesMax = ENTRIES_MAX } = deps
  const entries = new Map<string, { readonly user: User; readonly until: number }>()
  /** Grows with each change, so that a reading that one has overtaken is not kept. */
  let changes = 0

  function keep(user: User, until: number): void {
    // A map keeps the order of insertion: the youngest goes to the end, the oldest gives way.
    entries.delete(user.id)
    entries.set(user.id, { user, until })
    if (entries.size <= entriesMax) return
    const oldest = entries.keys().next()
    if (!oldest.done) entries.delete(oldest.value)
  }

  return {
    async find(userId) {
      const now = clock.now()
      const entry = entries.get(userId)
      if (entry && now < entry.until) return entry.user
      const changesBefore = changes
      const user = await users.findById(userId)
      if (user && changes === changesBefore) keep(user, now + AGE_MS_MAX)
      return user
    },
    forget(userIds) {
      changes += 1
      if (userIds === null) entries.clear()
      else for (const userId of userIds) entries.delete(userId)
    },
  }
}
