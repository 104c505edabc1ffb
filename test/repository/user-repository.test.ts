import t from 'tap'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createUserRepository } from '../../src/repository/user-repository.js'
import { checkUserRepository, sampleUser } from '../contract/user-repository-contract.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { MYSQL_SETUPS, openTestMysql } from './mysql/open-test-mysql.js'
import { openTestStore } from './open-test-store.js'

// Three stores, two of them on servers.
t.setTimeout(120_000)

await t.test('user repository keeps the contract on sqlite', async (t) => {
  await checkUserRepository(t, async (t) => {
    const store = await openTestStore(t)
    return {
      users: createUserRepository(store),
      transactions: createTransactionRunner(store, createMemoryLogger()),
    }
  })
})

for (const [name, empty] of MYSQL_SETUPS) {
  await t.test(`user repository on ${name}`, { skip: skipUnless('mariadb') }, (t) =>
    checkUserRepository(t, async (t) => {
      const store = await openTestMysql(t, await empty())
      return {
        users: createUserRepository(store),
        transactions: createTransactionRunner(store, createMemoryLogger()),
      }
    }),
  )
}

await t.test('user repository reads what is committed while a transaction is open', async (t) => {
  const store = await openTestStore(t)
  const users = createUserRepository(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  await transactions.run(async (tx) => {
    await users.create(tx, sampleUser('ann'))
    t.equal(await users.findByUsername('ann'), null, 'does not wait, does not see')
  })
  t.match(await users.findByUsername('ann'), { id: 'id-ann' })
})

await t.test('user repository finds its page by the index', async (t) => {
  const store = await openTestStore(t)
  const plan = store.read((db) =>
    db
      .prepare(
        'EXPLAIN QUERY PLAN SELECT id FROM users WHERE created_at >= 1 AND ' +
          "(created_at > 1 OR id > 'x') ORDER BY created_at, id LIMIT 10",
      )
      .all()
      .map((row) => String(row['detail'])),
  )
  t.match(plan.join('\n'), /SEARCH users USING (COVERING )?INDEX users_by_age/)
  t.notMatch(plan.join('\n'), /TEMP B-TREE/)
})
