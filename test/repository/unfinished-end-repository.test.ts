import t from 'tap'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createUnfinishedEndRepository } from '../../src/repository/unfinished-end-repository.js'
import { checkUnfinishedEnds } from '../contract/unfinished-end-contract.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { MYSQL_SETUPS, openTestMysql } from './mysql/open-test-mysql.js'
import { openTestStore } from './open-test-store.js'

await t.test('unfinished ends keep the contract on sqlite', async (t) => {
  await checkUnfinishedEnds(t, async (t) => {
    const store = await openTestStore(t)
    return {
      unfinishedEnds: createUnfinishedEndRepository(store),
      transactions: createTransactionRunner(store, createMemoryLogger()),
    }
  })
})

for (const [name, empty] of MYSQL_SETUPS) {
  await t.test(
    `unfinished ends keep the contract on ${name}`,
    { skip: skipUnless('mariadb') },
    (t) =>
      checkUnfinishedEnds(t, async (t) => {
        const store = await openTestMysql(t, await empty())
        return {
          unfinishedEnds: createUnfinishedEndRepository(store),
          transactions: createTransactionRunner(store, createMemoryLogger()),
        }
      }),
  )
}
