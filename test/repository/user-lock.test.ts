import t from 'tap'
import { createTransactionRunner, kyselyOf } from '../../src/repository/transaction-runner.js'
import { lockUser } from '../../src/repository/user-lock.js'
import { createUserRepository } from '../../src/repository/user-repository.js'
import { sampleUser } from '../contract/user-repository-contract.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { emptySingle, openTestMysql } from './mysql/open-test-mysql.js'
import { openTestStore } from './open-test-store.js'

const email = 'ann@example.com'

await t.test('user lock changes nothing', async (t) => {
  const store = await openTestStore(t)
  const users = createUserRepository(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  await transactions.run((tx) => users.create(tx, sampleUser('ann', { email, state: 'frozen' })))
  const before = await users.findById('id-ann')
  await transactions.run(async (tx) => {
    await lockUser(kyselyOf(store, tx), 'id', 'id-ann')
    await lockUser(kyselyOf(store, tx), 'email', email)
    await lockUser(kyselyOf(store, tx), 'id', 'nobody')
  })
  t.strictSame(await users.findById('id-ann'), before)
})

await t.test('user lock keeps others waiting', { skip: skipUnless('mariadb') }, async (t) => {
  const store = await openTestMysql(t, await emptySingle(), { queryTimeoutMs: 2_000 })
  const users = createUserRepository(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  await transactions.run((tx) => users.create(tx, sampleUser('ann', { email })))
  // As a transaction of its own, which is not run again.
  const lockToo = () => store.db.transaction().execute((db) => lockUser(db, 'id', 'id-ann'))
  for (const [column, value] of [
    ['id', 'id-ann'],
    ['email', email],
  ] as const) {
    await transactions.run(async (tx) => {
      await lockUser(kyselyOf(store, tx), column, value)
      await t.rejects(lockToo(), { code: 'UNAVAILABLE', reason: 'store_busy' }, column)
    })
    await t.resolves(lockToo(), 'free when the transaction is over')
  }
})
