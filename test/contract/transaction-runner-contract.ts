import type { Test } from 'tap'
import { createAuditLog } from '../../src/repository/audit-log.js'
import type { SqlStore } from '../../src/repository/sql-store.js'
import { createTransactionRunner, kyselyOf } from '../../src/repository/transaction-runner.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

/** One migrated database, seen by two stores. */
interface Setup {
  readonly store: SqlStore
  readonly other: SqlStore
}

async function countEvents(store: SqlStore): Promise<number> {
  return (await store.db.selectFrom('audit_events').select('at').execute()).length
}

/** What a transaction promises on every SQL store. */
export async function checkTransactionRunner(
  t: Test,
  open: (t: Test) => Promise<Setup>,
): Promise<void> {
  const nobody = { actorId: null, userId: null, sessionId: null, address: null, data: {} }

  await t.test('hooks run in order, after the commit', async (t) => {
    const { store, other } = await open(t)
    const steps: string[] = []
    const result = await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
      tx.afterCommit(async () => {
        steps.push(`first, ${await countEvents(other)} row`)
      })
      tx.afterCommit(() => {
        steps.push('second')
      })
      await createAuditLog(store).append({ type: 'user.created', at: 1, ...nobody }, tx)
      steps.push('work')
      return 42
    })
    t.equal(result, 42)
    t.strictSame(steps, ['work', 'first, 1 row', 'second'])
  })

  await t.test('no hook and no row after a rollback', async (t) => {
    const { store } = await open(t)
    let hooks = 0
    const failing = createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
      tx.afterCommit(() => {
        hooks += 1
      })
      await createAuditLog(store).append({ type: 'user.created', at: 1, ...nobody }, tx)
      throw new RangeError('mine')
    })
    await t.rejects(failing, new RangeError('mine'))
    t.equal(hooks, 0)
    t.equal(await countEvents(store), 0)
  })

  await t.test('a hook that fails is logged, and the next one runs', async (t) => {
    const logger = createMemoryLogger()
    const runner = createTransactionRunner((await open(t)).store, logger)
    let second = false
    const result = await runner.run(async (tx) => {
      tx.afterCommit(() => {
        throw new Error('hook')
      })
      tx.afterCommit(() => {
        second = true
      })
      return 'done'
    })
    t.equal(result, 'done')
    t.ok(second)
    t.match(logger.lines, [{ level: 'error', fields: { err: { message: 'hook' } } }])
  })

  await t.test('only an open transaction of the same store is one', async (t) => {
    const { store, other } = await open(t)
    const foreign = { code: 'INTERNAL', reason: 'transaction_foreign' }
    const over = await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
      t.throws(() => kyselyOf(other, tx), foreign)
      t.ok(kyselyOf(store, tx).isTransaction)
      return tx
    })
    t.throws(() => kyselyOf(store, over), foreign)
    t.throws(() => over.afterCommit(() => undefined), foreign)
  })

  await t.test('what is written is seen within, and outside only after', async (t) => {
    const { store, other } = await open(t)
    await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
      await createAuditLog(store).append({ type: 'user.created', at: 1, ...nobody }, tx)
      const within = await kyselyOf(store, tx).selectFrom('audit_events').select('at').execute()
      t.strictSame(within, [{ at: 1 }])
      t.strictSame(await other.latest.selectFrom('audit_events').select('at').execute(), [])
    })
    t.strictSame(await other.latest.selectFrom('audit_events').select('at').execute(), [{ at: 1 }])
  })

  await t.test('readers open no transaction', async (t) => {
    const { store } = await open(t)
    for (const reader of [store.reader, store.latest, store.readerFor('ann')]) {
      await t.rejects(
        reader.transaction().execute(async () => undefined),
        { code: 'INTERNAL', reason: 'reader_transaction' },
      )
    }
  })

  await t.test('no reader streams', async (t) => {
    const { store } = await open(t)
    for (const db of [store.db, store.reader]) {
      const stream = db.selectFrom('users').select('id').stream()
      await t.rejects(stream.next(), { code: 'UNIMPLEMENTED', reason: 'stream_unsupported' })
    }
  })
}
