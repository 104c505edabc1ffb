import { join } from 'node:path'
import t from 'tap'
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
