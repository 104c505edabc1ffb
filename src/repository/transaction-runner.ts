import type { Transaction as KyselyTransaction } from 'kysely'
import type { Logger } from '../domain/logger.js'
import type { Transaction, TransactionRunner } from '../domain/transaction.js'
import { AppError } from '../errors/app-error.js'
import type { SqlSchema, SqlStore } from './sql-store.js'

interface OpenTransaction {
  readonly store: SqlStore
  readonly kysely: KyselyTransaction<SqlSchema>
}

/** The transactions that are open now. One that is not here is over, or was never ours. */
const openTransactions = new WeakMap<Transaction, OpenTransaction>()

/** `logger` hears of a hook that failed: by then the commit has happened and `run` must not reject. */
export function createTransactionRunner(store: SqlStore, logger: Logger): TransactionRunner {
  return {
    run: async (work) => {
      const hooks: (() => void | Promise<void>)[] = []
      const result = await store.db.transaction().execute(async (kysely) => {
        const tx: Transaction = {
          afterCommit: (hook) => {
            if (!openTransactions.has(tx)) throw notOpen()
            hooks.push(hook)
          },
        }
        openTransactions.set(tx, { store, kysely })
        try {
          return await work(tx)
        } finally {
          openTransactions.delete(tx)
        }
      })
      for (const hook of hooks) await runHook(hook, logger)
      return result
    },
  }
}

/** The query builder of an open transaction of this store. Raises INTERNAL for any other object. */
export function kyselyOf(store: SqlStore, tx: Transaction): KyselyTransaction<SqlSchema> {
  const open = openTransactions.get(tx)
  if (open?.store !== store) throw notOpen()
  return open.kysely
}

async function runHook(hook: () => void | Promise<void>, logger: Logger): Promise<void> {
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
