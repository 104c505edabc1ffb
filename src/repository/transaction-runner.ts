import { setTimeout as pause } from 'node:timers/promises'
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

/**
 * How long a transaction that others were in the way of is run again. One that waited for a lock so long that the
 * time is over gets a second attempt all the same.
 */
const AGAIN_MS_MAX = 1_000
/** Random, so that those who met do not meet again. */
const AGAIN_PAUSE_MS_SPREAD = 10

/** `logger` hears of a hook that failed: by then the commit has happened and `run` must not reject. */
export function createTransactionRunner(store: SqlStore, logger: Logger): TransactionRunner {
  return {
    run: async (work) => {
      const { result, hooks } = await runUndisturbed(store, work)
      for (const hook of hooks) await runHook(hook, logger)
      return result
    },
  }
}

interface Committed<T> {
  readonly result: T
  readonly hooks: readonly Hook[]
}

async function runUndisturbed<T>(
  store: SqlStore,
  work: (tx: Transaction) => Promise<T>,
): Promise<Committed<T>> {
  const endsAtMs = performance.now() + AGAIN_MS_MAX
  for (let isSecondDue = true; ; isSecondDue = false) {
    try {
      return await runOnce(store, work)
    } catch (error) {
      const isLate = performance.now() >= endsAtMs && !isSecondDue
      if (isLate || !store.isConflict(error)) throw error
      await pause(Math.random() * AGAIN_PAUSE_MS_SPREAD)
    }
  }
}

async function runOnce<T>(
  store: SqlStore,
  work: (tx: Transaction) => Promise<T>,
): Promise<Committed<T>> {
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
