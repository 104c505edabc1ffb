import t from 'tap'
import { createAnnouncedUsers } from '../../src/service/announced-users.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'

function createHouse() {
  const repository = createMemoryUserRepository()
  const announced: (readonly string[])[] = []
  const users = createAnnouncedUsers({
    users: repository,
    announce: async (userIds) => void announced.push(userIds),
  })
  for (const id of ['ann', 'bob']) repository.add({ id, username: id })
  return { users, announced, repository, transactions: createMemoryTransactionRunner() }
}

await t.test('changes of users are told once they are committed, once each', async (t) => {
  const { users, announced, transactions } = createHouse()
  const changed = await transactions.run(async (tx) => {
    await users.update(tx, 'ann', { displayName: 'Anna' })
    await users.update(tx, 'bob', { role: 'admin' })
    const again = await users.update(tx, 'ann', { gender: 'female' })
    t.strictSame(announced, [], 'not before the commit')
    return again
  })
  t.match(changed, { id: 'ann', displayName: 'Anna', gender: 'female' })
  t.strictSame(announced, [['ann', 'bob']])
})

await t.test('a user who is gone, or lost an address, is told of as well', async (t) => {
  const { users, announced, repository, transactions } = createHouse()
  repository.add({ id: 'cid', username: 'cid', email: 'cid@example.com' })
  t.equal(await transactions.run((tx) => users.delete(tx, 'bob')), true)
  t.equal(await transactions.run((tx) => users.delete(tx, 'bob')), false)
  const release = () =>
    transactions.run((tx) => users.releaseUnverifiedEmail(tx, 'cid@example.com'))
  t.equal(await release(), 'cid')
  t.equal(await release(), null)
  t.strictSame(announced, [['bob'], ['cid']])
})

await t.test('nothing is told of what did not happen, and of new users', async (t) => {
  const { users, announced, repository, transactions } = createHouse()
  t.equal(await transactions.run((tx) => users.update(tx, 'nobody', { role: 'admin' })), null)
  const rolledBack = transactions.run(async (tx) => {
    await users.update(tx, 'ann', { role: 'admin' })
    throw new Error('no')
  })
  await t.rejects(rolledBack, { message: 'no' })
  const cid = { ...repository.add({ id: 'x', username: 'x' }), id: 'cid', username: 'cid' }
  await transactions.run((tx) => users.create(tx, { ...cid, passwordHash: null }))
  t.match(await users.findById('cid'), { username: 'cid' }, 'everything else is the repository')
  t.strictSame(announced, [])
})
