import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { AuditEvent } from '../../../src/domain/audit.js'
import { parseMysqlUrl } from '../../../src/repository/mysql/mysql-endpoint.js'
import { createTransactionRunner, kyselyOf } from '../../../src/repository/transaction-runner.js'
import { createAuditLog } from '../../../src/repository/audit-log.js'
import { createIdentityRepository } from '../../../src/repository/identity-repository.js'
import { createUserRepository } from '../../../src/repository/user-repository.js'
import { sampleUser } from '../../contract/user-repository-contract.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { sharedMariaDb, startMariaDbPair } from '../../helpers/server/mariadb.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { waitFor } from '../../helpers/wait-for.js'
import { emptyPair, emptySingle, openTestMysql, startMysqlStore } from './open-test-mysql.js'

const skip = skipUnless('mariadb')
const EVENT: AuditEvent = {
  ...{ type: 'login.failed', at: 1, actorId: null, userId: null, sessionId: null },
  ...{ address: '192.0.2.1', data: {} },
}

async function openHouse(t: Test) {
  const logger = createMemoryLogger()
  const urls = await emptySingle()
  const store = await openTestMysql(t, urls, { logger })
  const users = createUserRepository(store)
  const transactions = createTransactionRunner(store, logger)
  return { logger, urls, store, users, transactions }
}

await t.test('mysql store', { skip }, async (t) => {
  await t.test('compares every text byte by byte', async (t) => {
    const { store } = await openHouse(t)
    const row = (provider_id: string) => ({
      provider: 'p',
      provider_id,
      user_id: 'id-ann',
      created_at: 1,
    })
    const transactions = createTransactionRunner(store, createMemoryLogger())
    const users = createUserRepository(store)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    const ids = ['a', 'A', 'a ', 'á', 'a\u0301', 'ａ']
    await transactions.run((tx) =>
      kyselyOf(store, tx).insertInto('identities').values(ids.map(row)).execute(),
    )
    for (const id of ids) {
      const found = await store.reader
        .selectFrom('identities')
        .select('provider_id')
        .where('provider_id', '=', id)
        .execute()
      t.strictSame(found, [{ provider_id: id }], JSON.stringify(id))
    }
  })

  await t.test('runs a transaction once more after a deadlock', async (t) => {
    const { users, transactions } = await openHouse(t)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    await transactions.run((tx) => users.create(tx, sampleUser('bob')))
    let runs = 0
    const hooks: string[] = []
    let arrived = 0
    /** Takes one user, waits until the other side has the other one, then wants that one too. */
    const cross = (name: string, first: string, second: string) =>
      transactions.run(async (tx) => {
        runs += 1
        tx.afterCommit(() => void hooks.push(name))
        await users.update(tx, first, { displayName: name })
        arrived += 1
        await waitFor('both have one', () => arrived >= 2)
        return users.update(tx, second, { displayName: name })
      })
    const results = await Promise.all([
      cross('one', 'id-ann', 'id-bob'),
      cross('two', 'id-bob', 'id-ann'),
    ])
    t.equal(runs, 3)
    t.match(results, [{ displayName: 'one' }, { displayName: 'two' }])
    t.strictSame(hooks.toSorted(), ['one', 'two'], 'hooks of the attempt that failed do not run')
    t.equal(
      (await users.findById('id-ann'))?.displayName,
      (await users.findById('id-bob'))?.displayName,
    )
  })

  await t.test('says busy when the second attempt meets a lock as well', async (t) => {
    const { store, users, transactions } = await openHouse(t)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    let runs = 0
    await store.db.transaction().execute(async (holder) => {
      await holder.selectFrom('users').select('id').forUpdate().execute()
      await t.rejects(
        transactions.run((tx) => {
          runs += 1
          return users.update(tx, 'id-ann', { role: 'admin' })
        }),
        { code: 'UNAVAILABLE', reason: 'store_busy', retryAfterSeconds: 1 },
      )
    })
    t.equal(runs, 2)
    t.match(await users.findById('id-ann'), { role: 'user' })
  })

  await t.test('shows a transaction what was committed while it waited for a lock', async (t) => {
    const { store, users, transactions } = await openHouse(t)
    const identities = createIdentityRepository(store)
    const [one, two] = ['github', 'sso'].map((provider) => ({
      ...{ provider, providerId: '7', userId: 'id-ann', createdAt: 1 },
    }))
    if (!one || !two) throw new Error('two identities')
    const email = 'ann@example.com'
    await transactions.run(async (tx) => {
      await users.create(tx, sampleUser('ann'))
      await users.create(tx, sampleUser('bob', { email }))
      await identities.create(tx, one)
      await identities.create(tx, two)
    })
    await transactions.run(async (tx) => {
      t.match(await users.update(tx, 'id-bob', {}), { email }, 'reads before the others write')
      await transactions.run((other) => identities.remove(other, 'id-ann', 'sso'))
      await transactions.run(async (other) => {
        await users.update(other, 'id-bob', { email: null })
        await users.update(other, 'id-ann', { email })
      })
      t.match(await identities.lockWaysOf(tx, 'id-ann'), { identities: [one] })
      t.equal((await identities.lockWaysOf(tx, 'id-ann'))?.identities.length, 1)
      t.equal(await users.releaseUnverifiedEmail(tx, email), 'id-ann', 'who has it by now')
    })
    t.match(await users.findById('id-ann'), { email: null })
  })

  await t.test(
    'lists an event of this process at once, though the replica has it not',
    async (t) => {
      const pair = await startMariaDbPair(t)
      const { primaryUrl, replicaUrls } = await pair.createDatabase()
      const readYourWritesMs = 60_000
      const overrides = { readYourWritesMs, probeIntervalMs: 20 }
      const store = await openTestMysql(t, { url: primaryUrl, replicaUrls }, overrides)
      await pair.synced()
      await pair.lagBehind()
      const log = createAuditLog(store)
      await log.append(EVENT)
      t.match(await log.list({ limit: 5 }), { events: [EVENT] })
    },
  )

  await t.test('does not repeat a transaction whose connection was lost', async (t) => {
    const { store, users, transactions } = await openHouse(t)
    let runs = 0
    await t.rejects(
      transactions.run(async (tx) => {
        runs += 1
        await users.create(tx, sampleUser('ann'))
        const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(
          kyselyOf(store, tx),
        )
        await (await sharedMariaDb()).query(`KILL ${rows[0]?.id ?? 0}`)
        await users.create(tx, sampleUser('bob'))
      }),
      { code: 'UNAVAILABLE', reason: 'store_unavailable' },
    )
    t.equal(runs, 1)
    t.equal(await users.findById('id-ann'), null)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    t.pass('the next one gets another connection')
  })

  await t.test('keeps values and secrets out of the log and out of errors', async (t) => {
    const { logger, urls, users, transactions } = await openHouse(t)
    const user = sampleUser('ann', { passwordHash: 'hunter2', email: 'ann@example.com' })
    await transactions.run((tx) => users.create(tx, user))
    const again = transactions.run((tx) => users.create(tx, { ...user, username: 'bob' }))
    const error: unknown = await again.catch((thrown: unknown) => thrown)
    t.match(error, { code: 'INTERNAL', cause: { code: 'ER_DUP_ENTRY' } }, 'the id was taken')
    const said = JSON.stringify([logger.lines, error, (error as Error).stack, String(error)])
    t.match(said, /insert into `users`/)
    t.notMatch(said, /hunter2|ann@example\.com/)
    t.notMatch(said, new RegExp(parseMysqlUrl(urls.url).password))
  })

  await t.test('tells of the users of a write before it is acknowledged', async (t) => {
    const store = await openTestMysql(t, await emptyPair())
    const users = createUserRepository(store)
    const transactions = createTransactionRunner(store, createMemoryLogger())
    const steps: unknown[] = []
    store.onWrite(async (userIds) => {
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(userIds)
    })
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    steps.push('acknowledged')
    await transactions.run(async (tx) =>
      kyselyOf(store, tx).selectFrom('users').select('id').execute(),
    )
    await transactions.run(async () => undefined)
    t.strictSame(steps, [['id-ann'], 'acknowledged', null], 'and of none without a statement')

    steps.length = 0
    const email = 'bob@example.com'
    await transactions.run((tx) => users.create(tx, sampleUser('bob', { email })))
    await transactions.run((tx) => users.releaseUnverifiedEmail(tx, email))
    await transactions.run((tx) => users.delete(tx, 'id-ann'))
    t.strictSame(steps, [['id-bob'], ['id-bob'], ['id-ann']], 'each of whom it concerns')
    steps.length = 0
    await transactions.run((tx) => users.releaseUnverifiedEmail(tx, email))
    await createAuditLog(store).append(EVENT)
    await transactions.run((tx) => createAuditLog(store).append(EVENT, tx))
    t.strictSame(steps, [], 'what concerns no user is worth no message')

    const single = await openTestMysql(t, await emptySingle())
    single.onWrite(async () => {
      t.fail('there is nothing to be stale')
    })
    const runner = createTransactionRunner(single, createMemoryLogger())
    await runner.run((tx) => createUserRepository(single).create(tx, sampleUser('ann')))
  })

  await t.test('closes twice, and answers nothing after', async (t) => {
    const { store, users } = await openHouse(t)
    store.check()
    await Promise.all([store.close(), store.close()])
    await t.rejects(users.findById('ann'), { code: 'UNAVAILABLE' })
    await t.rejects(
      store.db.transaction().execute(async () => undefined),
      { code: 'UNAVAILABLE', reason: 'store_closed' },
    )
  })

  await t.test('names database and server in what it says of itself', async (t) => {
    const urls = await emptySingle()
    const { host, port, database } = parseMysqlUrl(urls.url)
    const store = await startMysqlStore(t, urls)
    t.equal(store.name, `${database} on ${host}:${port}`)
    t.strictSame(await store.readHistory(), [])
  })
})
