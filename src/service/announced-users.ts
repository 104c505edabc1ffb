import type { Broker } from '../domain/broker.js'
import type { Logger } from '../domain/logger.js'
import type { Transaction } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'

/** Over it a message says that any user may have changed. */
const NAMED_MAX = 1_000

export interface AnnouncedUsersDeps {
  readonly users: UserRepository
  readonly broker: Pick<Broker, 'survey'>
  readonly logger: Logger
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

/**
 * The repository, whose changes every process hears of once they are committed, with one message for each
 * transaction. The writer goes on when all have heard it (`surveyTimeoutMs` at most), so whoever reads after
 * that, in whichever process, reads the change. New users need no message: nobody remembers an absence.
 */
export function createAnnouncedUsers(deps: AnnouncedUsersDeps): UserRepository {
  const { users, broker, logger, surveyTimeoutMs } = deps
  const changedIn = new WeakMap<Transaction, Set<string>>()

  async function announce(changed: ReadonlySet<string>): Promise<void> {
    const userIds = changed.size <= NAMED_MAX ? [...changed] : null
    try {
      await broker.survey('users_changed', { userIds }, surveyTimeoutMs)
    } catch (error) {
      logger.warn({ err: error }, 'cannot tell that users changed')
    }
  }

  function note(tx: Transaction, userId: string): void {
    const noted = changedIn.get(tx)
    if (noted) {
      noted.add(userId)
      return
    }
    const changed = new Set([userId])
    changedIn.set(tx, changed)
    tx.afterCommit(() => announce(changed))
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
