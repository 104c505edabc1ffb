import type { Test } from 'tap'
import type { Identity, IdentityRepository } from '../../src/domain/identity.js'
import type { TransactionRunner } from '../../src/domain/transaction.js'
import type { UserRepository } from '../../src/domain/user.js'
import { sampleUser } from './user-repository-contract.js'

export interface IdentityRepositorySetup {
  readonly identities: IdentityRepository
  readonly users: UserRepository
  readonly transactions: TransactionRunner
}

const GITHUB: Identity = { provider: 'github', providerId: '7', userId: 'id-ann', createdAt: 2 }
const SSO: Identity = { provider: 'sso', providerId: 'a|B', userId: 'id-ann', createdAt: 1 }
const TAKEN = { code: 'ALREADY_EXISTS', reason: 'identity_taken' }

/** What every implementation of the port promises. `open` gives an empty repository. */
export async function checkIdentityRepository(
  t: Test,
  open: (t: Test) => Promise<IdentityRepositorySetup>,
): Promise<void> {
  async function openWithUsers(t: Test) {
    const setup = await open(t)
    const { users, transactions, identities } = setup
    await transactions.run(async (tx) => {
      await users.create(tx, sampleUser('ann'))
      await users.create(tx, sampleUser('bob', { passwordHash: 'hash' }))
    })
    const create = (identity: Identity) => transactions.run((tx) => identities.create(tx, identity))
    return { ...setup, create }
  }

  await t.test('an identity is found by what the provider calls it', async (t) => {
    const { identities, create } = await openWithUsers(t)
    await create(GITHUB)
    t.strictSame(await identities.find('github', '7'), GITHUB)
    t.equal(await identities.find('github', '8'), null)
    t.equal(await identities.find('sso', '7'), null)
  })

  await t.test(
    'the ways of a user are their identities, oldest first, and a password',
    async (t) => {
      const { identities, create, transactions } = await openWithUsers(t)
      t.strictSame(await identities.waysOf('id-ann'), { identities: [], hasPassword: false })
      t.strictSame(await identities.waysOf('id-bob'), { identities: [], hasPassword: true })
      t.equal(await identities.waysOf('nobody'), null)
      await create(GITHUB)
      await create(SSO)
      const ways = { identities: [SSO, GITHUB], hasPassword: false }
      t.strictSame(await identities.waysOf('id-ann'), ways)
      await transactions.run(async (tx) => {
        t.strictSame(await identities.lockWaysOf(tx, 'id-ann'), ways)
        t.equal(await identities.lockWaysOf(tx, 'nobody'), null)
        await identities.remove(tx, 'id-ann', 'sso')
        t.match(await identities.lockWaysOf(tx, 'id-ann'), { identities: [GITHUB] }, 'sees its own')
      })
    },
  )

  await t.test('an identity belongs to one user', async (t) => {
    const { identities, create } = await openWithUsers(t)
    await create(GITHUB)
    await t.rejects(create({ ...GITHUB, userId: 'id-bob' }), TAKEN)
    await t.rejects(create({ ...GITHUB, createdAt: 3 }), TAKEN, 'not even twice to the same')
    t.strictSame(await identities.find('github', '7'), GITHUB)
    await create({ ...GITHUB, providerId: '8' })
    await create({ ...SSO, userId: 'id-bob' })
  })

  await t.test('create of one identity by many at once succeeds once', async (t) => {
    const { create } = await openWithUsers(t)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        create({ ...GITHUB, userId: index % 2 === 0 ? 'id-ann' : 'id-bob' }),
      ),
    )
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const reasons = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as Error] : []))
    t.match(reasons, Array(19).fill(TAKEN))
  })

  await t.test('remove takes all of one provider from one user', async (t) => {
    const { identities, create, transactions } = await openWithUsers(t)
    await create(GITHUB)
    await create({ ...GITHUB, providerId: '8' })
    await create(SSO)
    await create({ ...GITHUB, providerId: '9', userId: 'id-bob' })
    const remove = (userId: string, provider: string) =>
      transactions.run((tx) => identities.remove(tx, userId, provider))
    t.equal(await remove('id-ann', 'github'), 2)
    t.equal(await remove('id-ann', 'github'), 0)
    t.match(await identities.waysOf('id-ann'), { identities: [SSO] })
    t.match(await identities.find('github', '9'), { userId: 'id-bob' })
  })

  await t.test('the identities of a user go with the user', async (t) => {
    const { identities, users, create, transactions } = await openWithUsers(t)
    await create(GITHUB)
    await create({ ...SSO, userId: 'id-bob' })
    await transactions.run((tx) => users.delete(tx, 'id-ann'))
    t.equal(await identities.find('github', '7'), null)
    t.equal(await identities.waysOf('id-ann'), null)
    t.match(await identities.find('sso', 'a|B'), { userId: 'id-bob' })
    await create({ ...GITHUB, userId: 'id-bob' })
  })

  await t.test('who asks with the lock sees what the one before has done', async (t) => {
    const { identities, create, transactions } = await openWithUsers(t)
    await create(GITHUB)
    await create(SSO)
    // Each removes one way, but only while two are left.
    const removeUnlessLast = (provider: string) =>
      transactions.run(async (tx) => {
        const ways = await identities.lockWaysOf(tx, 'id-ann')
        if ((ways?.identities.length ?? 0) < 2) return 0
        return identities.remove(tx, 'id-ann', provider)
      })
    const removed = await Promise.all([removeUnlessLast('github'), removeUnlessLast('sso')])
    t.equal(removed[0] + removed[1], 1)
    t.equal((await identities.waysOf('id-ann'))?.identities.length, 1)
  })

  await t.test('a write wants an open transaction', async (t) => {
    const { identities } = await openWithUsers(t)
    const fake = { afterCommit: () => undefined }
    await t.rejects(identities.create(fake, GITHUB), {
      code: 'INTERNAL',
      reason: 'transaction_foreign',
    })
  })
}
