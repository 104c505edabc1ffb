import t from 'tap'
import { createIdentityRepository } from '../../src/repository/identity-repository.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createUserRepository } from '../../src/repository/user-repository.js'
import {
  checkIdentityRepository,
  type IdentityRepositorySetup,
} from '../contract/identity-repository-contract.js'
import type { SqlStore } from '../../src/repository/sql-store.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { MYSQL_SETUPS, openTestMysql } from './mysql/open-test-mysql.js'
import { openTestStore } from './open-test-store.js'

// Three stores, two of them on servers.
t.setTimeout(120_000)

const setupOn = (store: SqlStore): IdentityRepositorySetup => ({
  identities: createIdentityRepository(store),
  users: createUserRepository(store),
  transactions: createTransactionRunner(store, createMemoryLogger()),
})

await t.test('identity repository keeps the contract on sqlite', (t) =>
  checkIdentityRepository(t, async (t) => setupOn(await openTestStore(t))),
)

for (const [name, empty] of MYSQL_SETUPS) {
  await t.test(`identity repository on ${name}`, { skip: skipUnless('mariadb') }, (t) =>
    checkIdentityRepository(t, async (t) => setupOn(await openTestMysql(t, await empty()))),
  )
}
