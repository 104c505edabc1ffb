import type { Transaction as KyselyTransaction } from 'kysely'
import type { Logger } from '../domain/logger.js'
import type { Transaction, TransactionRunner } from '../domain/transaction.js'
import { AppError } from '../errors/app-error.js'
import type { SqlSchema, SqlStore } from './sql-store.js'

interface OpenTransaction {
  readonly store: SqlStore
  readonly kysely: KyselyTransaction<SqlSchema>
  readonly concerned: Concerned
}

/** Whom the statements of a transaction concern. */
interface Concerned {
  readonly userIds: Set<string>
  isAnybody: boolean
  /** False until there is a statement. */
  isUsed: boolean
}

type Hook = () => void | Promise<void>

/** The transactions that are open now. One that is not here is over, or was never ours. */
const openTransactions = new WeakMap<Transaction, OpenTransaction>()

/** `logger` hears of a hook that failed: by then the commit has happened and `run` must not reject. */
export function createTransactionRunner(store: SqlStore, logger: Logger): TransactionRunner {
  return {
    run: async (work) => {
      const { result, hooks } = await runOnce(store, work).catch((error: unknown) => {
        if (!store.isConflict(error)) throw error
        return runOnce(store, work)
      })
      for (const hook of hooks) await runHook(hook, logger)
      return result
    },
  }
}

async function runOnce<T>(
  store: SqlStore,
  work: (tx: Transaction) => Promise<T>,
): Promise<{ result: T; hooks: readonly Hook[] }> {
  const hooks: Hook[] = []
  const concerned: Concerned = { userIds: new Set(), isAnybody: false, isUsed: false }
  try {
    const result = await store.db.transaction().execute(async (kysely) => {
      const tx: Transaction = {
        afterCommit: (hook) => {
          if (!openTransactions.has(tx)) throw notOpen()
          hooks.push(hook)
        },
      }
      openTransactions.set(tx, { store, kysely, concerned })
      try {
        return await work(tx)
      } finally {
        openTransactions.delete(tx)
      }
    })
    return { result, hooks }
  } finally {
    // Also after a failure: a commit whose answer was lost may have happened.
    const { userIds, isAnybody, isUsed } = concerned
    if (isUsed) await store.noteWrite(isAnybody ? null : userIds)
  }
}

/**
 * The query builder of an open transaction of this store. `userIds` are those whose reads must see what is
 * written with it (none: only the reads about nobody in particular must); without them these are everybody's. Raises INTERNAL for any other object.
 */
export function kyselyOf(
  store: SqlStore,
  tx: Transaction,
  userIds?: readonly string[],
): KyselyTransaction<SqlSchema> {
  const open = openTransactions.get(tx)
  if (open?.store !== store) throw notOpen()
  open.concerned.isUsed = true
  for (const userId of userIds ?? []) open.concerned.userIds.add(userId)
  if (userIds === undefined) open.concerned.isAnybody = true
  return open.kysely
}

async function runHook(hook: Hook, logger: Logger): Promise<void> {
  try {
    await hook()
  } catch (error) {
    logger.error({ err: error }, 'a step after a commit failed')
  }
}

function notOpen(): AppError {
  return new AppError(
    'INTERNAL',
    'transaction_foreign',
    'This is not an open transaction of this store.',
  )
}
