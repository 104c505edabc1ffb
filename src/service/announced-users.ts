import type { Transaction } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'

export interface AnnouncedUsersDeps {
  readonly users: UserRepository
  /** Tells every process that these users have changed. Never rejects. */
  readonly announce: (userIds: readonly string[]) => Promise<void>
}

/**
 * The repository, whose changes are announced once they are committed, with one message for each transaction.
 * The writer goes on when all have heard it, so whoever reads after that, in whichever process, reads the
 * change. New users need no message: nobody remembers an absence.
 */
export function createAnnouncedUsers({ users, announce }: AnnouncedUsersDeps): UserRepository {
  const changedIn = new WeakMap<Transaction, Set<string>>()

  function note(tx: Transaction, userId: string): void {
    const noted = changedIn.get(tx)
    if (noted) {
      noted.add(userId)
      return
    }
    const changed = new Set([userId])
    changedIn.set(tx, changed)
    tx.afterCommit(() => announce([...changed]))
  }

  return {
    ...users,
    update: async (tx, id, changes) => {
      const user = await users.update(tx, id, changes)
      if (user) note(tx, id)
      return user
    },
    releaseUnverifiedEmail: async (tx, email) => {
      const userId = await users.releaseUnverifiedEmail(tx, email)
      if (userId !== null) note(tx, userId)
      return userId
    },
    delete: async (tx, id) => {
      const isDeleted = await users.delete(tx, id)
      if (isDeleted) note(tx, id)
      return isDeleted
    },
  }
}
