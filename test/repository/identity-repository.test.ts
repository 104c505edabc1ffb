import t from 'tap'
import { createIdentityRepository } from '../../src/repository/identity-repository.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createUserRepository } from '../../src/repository/user-repository.js'
import { checkIdentityRepository } from '../contract/identity-repository-contract.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { openTestStore } from './open-test-store.js'

await t.test('identity repository keeps the contract on sqlite', async (t) => {
  await checkIdentityRepository(t, async (t) => {
    const store = await openTestStore(t)
    return {
      identities: createIdentityRepository(store),
      users: createUserRepository(store),
      transactions: createTransactionRunner(store, createMemoryLogger()),
    }
  })
})
