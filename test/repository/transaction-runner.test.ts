import { join } from 'node:path'
import t from 'tap'
import type { SqlStore } from '../../src/repository/sql-store.js'
import { openSqliteStore } from '../../src/repository/sqlite-store.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { checkTransactionRunner } from '../contract/transaction-runner-contract.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { MYSQL_SETUPS, openTestMysql } from './mysql/open-test-mysql.js'
import { openTestStore } from './open-test-store.js'

// Three stores, two of them on servers.
t.setTimeout(120_000)

await t.test('transaction runner on SQLite', (t) =>
  checkTransactionRunner(t, async (t) => {
    const file = join(t.testdir(), 'app.db')
    return { store: await openTestStore(t, file), other: await openTestStore(t, file) }
  }),
)

for (const [name, empty] of MYSQL_SETUPS) {
  await t.test(`transaction runner on ${name}`, { skip: skipUnless('mariadb') }, (t) =>
    checkTransactionRunner(t, async (t) => {
      const urls = await empty()
      return { store: await openTestMysql(t, urls), other: await openTestMysql(t, urls) }
    }),
  )
}

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

await t.test('transaction runner tries for a while when others are in the way', async (t) => {
  const inTheWay = new Error('in the way')
  const store = Object.create(await openTestStore(t), {
    isConflict: { value: (error: unknown) => error === inTheWay },
  }) as SqlStore
  const runner = createTransactionRunner(store, createMemoryLogger())
  const hooks: number[] = []
  let runs = 0
  const runUntil = (free: number) =>
    runner.run(async (tx) => {
      runs += 1
      const run = runs
      tx.afterCommit(() => void hooks.push(run))
      if (run < free) throw inTheWay
      return run
    })
  t.equal(await runUntil(5), 5)
  t.strictSame(hooks, [5], 'hooks of the attempts that failed do not run')
  await t.rejects(runUntil(Infinity), inTheWay, 'and gives up')
  t.ok(runs > 7, 'after several attempts')
  const other = new Error('other')
  let others = 0
  const failing = runner.run(async () => {
    others += 1
    throw other
  })
  await t.rejects(failing, other)
  t.equal(others, 1, 'any other failure is the end')
})
