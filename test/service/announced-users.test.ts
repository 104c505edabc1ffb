import t from 'tap'
import { createAnnouncedUsers } from '../../src/service/announced-users.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'

function createHouse() {
  const repository = createMemoryUserRepository()
  const broker = createFakeBroker()
  const logger = createMemoryLogger()
  const users = createAnnouncedUsers({
    users: repository,
    ...{ broker, logger },
    surveyTimeoutMs: 100,
  })
  for (const id of ['ann', 'bob']) repository.add({ id, username: id })
  return { users, broker, logger, repository, transactions: createMemoryTransactionRunner() }
}

await t.test('changes of users are told once they are committed, once each', async (t) => {
  const { users, broker, transactions } = createHouse()
  const changed = await transactions.run(async (tx) => {
    await users.update(tx, 'ann', { displayName: 'Anna' })
    await users.update(tx, 'bob', { role: 'admin' })
    const again = await users.update(tx, 'ann', { gender: 'female' })
    t.strictSame(broker.asked, [], 'not before the commit')
    return again
  })
  t.match(changed, { id: 'ann', displayName: 'Anna', gender: 'female' })
  t.strictSame(broker.asked, [{ kind: 'users_changed', request: { userIds: ['ann', 'bob'] } }])
})

await t.test('a user who is gone, or lost an address, is told of as well', async (t) => {
  const { users, broker, repository, transactions } = createHouse()
  repository.add({ id: 'cid', username: 'cid', email: 'cid@example.com' })
  t.equal(await transactions.run((tx) => users.delete(tx, 'bob')), true)
  t.equal(await transactions.run((tx) => users.delete(tx, 'bob')), false)
  const release = () =>
    transactions.run((tx) => users.releaseUnverifiedEmail(tx, 'cid@example.com'))
  t.equal(await release(), 'cid')
  t.equal(await release(), null)
  t.strictSame(broker.asked, [
    { kind: 'users_changed', request: { userIds: ['bob'] } },
    { kind: 'users_changed', request: { userIds: ['cid'] } },
  ])
})

await t.test('nothing is told of what did not happen, and of new users', async (t) => {
  const { users, broker, repository, transactions } = createHouse()
  t.equal(await transactions.run((tx) => users.update(tx, 'nobody', { role: 'admin' })), null)
  const rolledBack = transactions.run(async (tx) => {
    await users.update(tx, 'ann', { role: 'admin' })
    throw new Error('no')
  })
  await t.rejects(rolledBack, { message: 'no' })
  const cid = { ...repository.add({ id: 'x', username: 'x' }), id: 'cid', username: 'cid' }
  await transactions.run((tx) => users.create(tx, { ...cid, passwordHash: null }))
  t.match(await users.findById('cid'), { username: 'cid' }, 'everything else is the repository')
  t.strictSame(broker.asked, [])
})

await t.test('a change of very many users is a change of any', async (t) => {
  const { users, broker, repository, transactions } = createHouse()
  await transactions.run(async (tx) => {
    for (let index = 0; index <= 1_000; index += 1) {
      repository.add({ id: `user-${index}`, username: `user-${index}` })
      await users.update(tx, `user-${index}`, { displayName: 'Somebody' })
    }
  })
  t.strictSame(broker.asked, [{ kind: 'users_changed', request: { userIds: null } }])
})

await t.test('a line that is down does not undo the change', async (t) => {
  const { users, broker, logger, transactions } = createHouse()
  broker.setDown(true)
  const user = await transactions.run((tx) => users.update(tx, 'ann', { displayName: 'Anna' }))
  t.match(user, { displayName: 'Anna' })
  t.match(logger.lines, [{ level: 'warn', message: 'cannot tell that users changed' }])
})
