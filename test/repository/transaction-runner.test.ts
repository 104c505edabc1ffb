import { join } from 'node:path'
import t from 'tap'
import { openSqliteStore } from '../../src/repository/sqlite-store.js'
import { createTransactionRunner, kyselyOf } from '../../src/repository/transaction-runner.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { openTestStore } from './open-test-store.js'

await t.test('transaction runner runs hooks in order, after the commit', async (t) => {
  const store = await openTestStore(t)
  const steps: string[] = []
  const result = await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
    tx.afterCommit(async () => {
      await Promise.resolve()
      const events = store.read((db) => db.prepare('SELECT at FROM audit_events').all())
      steps.push(`first, ${events.length} row`)
    })
    tx.afterCommit(() => {
      steps.push('second')
    })
    const event = { type: 'user.created', at: 1, data: '{}' } as const
    const nobody = { actor_id: null, user_id: null, session_id: null, address: null }
    await kyselyOf(store, tx)
      .insertInto('audit_events')
      .values({ ...event, ...nobody })
      .execute()
    steps.push('work')
    return 42
  })
  t.equal(result, 42)
  t.strictSame(steps, ['work', 'first, 1 row', 'second'])
})

await t.test('transaction runner runs no hook after a rollback', async (t) => {
  const runner = createTransactionRunner(await openTestStore(t), createMemoryLogger())
  let hooks = 0
  const failing = runner.run(async (tx) => {
    tx.afterCommit(() => {
      hooks += 1
    })
    throw new RangeError('mine')
  })
  await t.rejects(failing, new RangeError('mine'))
  t.equal(hooks, 0)
})

await t.test('transaction runner logs a hook that fails and goes on', async (t) => {
  const logger = createMemoryLogger()
  const runner = createTransactionRunner(await openTestStore(t), logger)
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

await t.test('transaction runner knows its own open transactions only', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const store = await openTestStore(t, file)
  const other = await openTestStore(t, file)
  const foreign = { code: 'INTERNAL', reason: 'transaction_foreign' }
  const over = await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
    t.throws(() => kyselyOf(other, tx), foreign)
    t.ok(kyselyOf(store, tx).isTransaction)
    return tx
  })
  t.throws(() => kyselyOf(store, over), foreign)
  t.throws(() => over.afterCommit(() => undefined), foreign)
})

await t.test('transaction runner fails a transaction within itself, not for ever', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const store = openSqliteStore({ file, busyTimeoutMs: 20, synchronous: 'normal' })
  t.teardown(() => store.close())
  const runner = createTransactionRunner(store, createMemoryLogger())
  await t.rejects(
    runner.run(() => runner.run(async () => undefined)),
    { code: 'UNAVAILABLE', reason: 'store_busy' },
  )
  t.equal(await runner.run(async () => 'free again'), 'free again')
})
