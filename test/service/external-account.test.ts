import t from 'tap'
import type { ExternalProfile } from '../../src/domain/identity-provider.js'
import {
  type ExternalAccountDeps,
  linkExternalAccount,
  unlinkExternalAccount,
  userOfExternalAccount,
} from '../../src/service/external-account.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryAuditLog } from '../helpers/memory-audit-log.js'
import { createMemoryIdentityRepository } from '../helpers/memory-identity-repository.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'
import { OCTOCAT } from '../helpers/oauth-house.js'

const address = '192.0.2.1'
const PROVED: ExternalProfile = { ...OCTOCAT, email: 'octocat@example.com', isEmailVerified: true }

function createHouse() {
  const users = createMemoryUserRepository()
  const identities = createMemoryIdentityRepository(users)
  const auditLog = createMemoryAuditLog()
  const transactions = createMemoryTransactionRunner()
  const deps = { users, identities, auditLog, transactions, clock: createFakeClock() }
  const find = (profile: ExternalProfile = OCTOCAT, provider = 'github') =>
    userOfExternalAccount(deps, { provider, profile, address })
  const audited = () => auditLog.events.map(({ type, userId }) => [type, userId])
  return { ...deps, deps, find, audited }
}

await t.test('the first sign-in makes an account, the next finds it', async (t) => {
  const { users, find, auditLog, identities } = createHouse()
  const user = await find(PROVED)
  t.match(user, {
    username: 'octocat',
    displayName: 'The Octocat',
    avatarUrl: 'https://example.com/octocat.png',
    email: 'octocat@example.com',
    role: 'user',
    state: 'active',
    gender: 'unknown',
  })
  t.match(await users.findCredentials('octocat'), { passwordHash: null })
  t.match(await users.findByEmail('octocat@example.com'), { isEmailVerified: true })
  t.match(auditLog.events, [
    {
      type: 'user.registered',
      actorId: user.id,
      userId: user.id,
      address,
      data: { provider: 'github' },
    },
    { type: 'identity.linked', actorId: user.id, userId: user.id, address },
  ])
  t.ok(
    auditLog.transactions.every((tx) => tx !== undefined),
    'with the writes they tell of',
  )
  t.strictSame(await find(PROVED), user)
  t.equal(identities.rows.length, 1)
  t.equal(auditLog.events.length, 2)
})

await t.test('an address without proof is not kept', async (t) => {
  const { find, users } = createHouse()
  const user = await find({ ...PROVED, isEmailVerified: false })
  t.equal(user.email, null)
  t.equal(await users.findByEmail('octocat@example.com'), null)
})

await t.test('name and picture become those of the provider at each sign-in', async (t) => {
  const { find, transactions } = createHouse()
  const { id } = await find(PROVED)
  const writes = transactions.outcomes.length
  await find(PROVED)
  t.equal(transactions.outcomes.length, writes, 'nothing new, nothing written')
  const changed = { ...PROVED, displayName: 'Mona', avatarUrl: 'https://example.com/mona.png' }
  t.match(await find(changed), {
    id,
    displayName: 'Mona',
    avatarUrl: 'https://example.com/mona.png',
  })
  const silent = { ...changed, displayName: null, avatarUrl: 'http://example.com/plain.png' }
  t.match(await find(silent), { displayName: 'Mona', avatarUrl: 'https://example.com/mona.png' })
  t.match(await find({ ...changed, email: 'new@example.com', username: 'mona' }), {
    username: 'octocat',
    email: 'octocat@example.com',
  })
})

await t.test('a taken username gets a suffix', async (t) => {
  const { users, find } = createHouse()
  users.add({ id: 'user-1', username: 'octocat' })
  t.match(await find(), { username: /^octocat-[a-z0-9]{6}$/ })
  t.match(await users.findById('user-1'), { username: 'octocat' })
})

await t.test('proved addresses on both sides are one person', async (t) => {
  const { users, find, identities, audited } = createHouse()
  const first = await find(PROVED)
  const second = await find({ ...PROVED, providerId: 'a-b', displayName: 'Octo' }, 'sso')
  t.match(second, { id: first.id, displayName: 'Octo' })
  t.equal((await identities.waysOf(first.id))?.identities.length, 2)
  t.equal((await users.list({ limit: 10 })).users.length, 1)
  t.match(audited().at(-1), ['identity.linked', first.id])
})

await t.test('an address without proof links nobody', async (t) => {
  const { users, find } = createHouse()
  const victim = await find(PROVED)
  for (const [index, isEmailVerified] of [false, 'true' as never as boolean].entries()) {
    const profile = {
      ...PROVED,
      providerId: `evil-${index}`,
      isEmailVerified: isEmailVerified === true,
    }
    const user = await find(profile, 'sso')
    t.not(user.id, victim.id)
    t.equal(user.email, null)
  }
  t.match(await users.findByEmail('octocat@example.com'), { user: { id: victim.id } })
})

await t.test(
  'who claims an address here without proof neither keeps it nor shares the account',
  async (t) => {
    const { users, find, audited } = createHouse()
    users.add({
      ...{ id: 'squatter', username: 'squatter', email: 'octocat@example.com' },
      passwordHash: 'hash:x',
    })
    const owner = await find(PROVED)
    t.not(owner.id, 'squatter')
    t.match(await users.findCredentials('octocat@example.com'), {
      user: { id: owner.id },
      passwordHash: null,
    })
    t.match(await users.findCredentials('squatter'), {
      user: { email: null },
      passwordHash: 'hash:x',
    })
    t.strictSame(audited()[0], ['user.email_reclaimed', 'squatter'])
  },
)

await t.test('a frozen user is refused, and nothing of theirs changes', async (t) => {
  const { users, find, transactions, identities } = createHouse()
  const { id } = await find(PROVED)
  await users.update({ afterCommit() {} }, id, { state: 'frozen' })
  const writes = transactions.outcomes.length
  const frozen = {
    code: 'UNAUTHENTICATED',
    reason: 'user_frozen',
    message: 'This account is frozen.',
  }
  await t.rejects(find({ ...PROVED, displayName: 'New' }), frozen)
  await t.rejects(find({ ...PROVED, providerId: 'other' }, 'sso'), frozen, 'by another provider')
  t.equal(transactions.outcomes.length, writes)
  t.equal(identities.rows.length, 1)
})

await t.test('a user who is gone is not signed in', async (t) => {
  const { users, find, identities } = createHouse()
  identities.rows.push({ provider: 'github', providerId: '583231', userId: 'gone', createdAt: 0 })
  await t.rejects(find(), { code: 'NOT_FOUND', reason: 'user_not_found' })
  t.equal((await users.list({ limit: 1 })).users.length, 0)
})

/** The same deps, where somebody else is faster with the first write of a kind. */
function overtaken(
  deps: ExternalAccountDeps,
  overtake: () => Promise<unknown>,
): ExternalAccountDeps {
  let isDone = false
  return {
    ...deps,
    transactions: {
      async run(work) {
        if (!isDone) {
          isDone = true
          await overtake()
        }
        return deps.transactions.run(work)
      },
    },
  }
}

await t.test('who loses a race finds what the winner has made', async (t) => {
  const { deps, find, users } = createHouse()
  const signIn = { provider: 'github', profile: PROVED, address }
  let winner = ''
  const late = overtaken(deps, async () => {
    winner = (await find(PROVED)).id
  })
  t.equal((await userOfExternalAccount(late, signIn)).id, winner)
  const other = { ...PROVED, providerId: '2', username: 'zed', email: 'zed@example.com' }
  const lateToo = overtaken(deps, async () => {
    users.add({ id: 'zed', username: 'zed', email: 'zed@example.com', isEmailVerified: true })
  })
  const linked = await userOfExternalAccount(lateToo, { ...signIn, profile: other })
  t.equal(linked.id, 'zed', 'the address was proved meanwhile')
})

await t.test('a race without end is given up', async (t) => {
  const { deps, identities } = createHouse()
  let runs = 0
  const never: ExternalAccountDeps = {
    ...deps,
    transactions: {
      run: (work) => {
        runs += 1
        return deps.transactions.run(async (tx) => {
          identities.rows.push({
            provider: 'github',
            providerId: '583231',
            userId: 'x',
            createdAt: 0,
          })
          try {
            return await work(tx)
          } finally {
            identities.rows.length = 0
          }
        })
      },
    },
  }
  const signIn = { provider: 'github', profile: OCTOCAT, address }
  await t.rejects(userOfExternalAccount(never, signIn), {
    code: 'ALREADY_EXISTS',
    reason: 'identity_taken',
  })
  t.equal(runs, 8)
})

await t.test('link adds a way to sign in, once', async (t) => {
  const { deps, users, identities, audited } = createHouse()
  users.add({ id: 'ann', username: 'ann', email: 'ann@example.com', displayName: 'Ann' })
  users.add({ id: 'bob', username: 'bob' })
  const signIn = { provider: 'github', profile: PROVED, address }
  await linkExternalAccount(deps, 'ann', signIn)
  await linkExternalAccount(deps, 'ann', signIn)
  t.equal(identities.rows.length, 1)
  t.strictSame(audited(), [['identity.linked', 'ann']])
  t.match(await users.findById('ann'), { displayName: 'Ann', email: 'ann@example.com' })
  const taken = { code: 'ALREADY_EXISTS', reason: 'identity_taken' }
  await t.rejects(linkExternalAccount(deps, 'bob', signIn), taken)
  const second = { ...signIn, profile: { ...PROVED, providerId: '2' } }
  await t.rejects(linkExternalAccount(deps, 'ann', second), {
    code: 'ALREADY_EXISTS',
    reason: 'provider_linked',
  })
  await t.rejects(linkExternalAccount(deps, 'gone', second), { reason: 'user_not_found' } as never)
  t.equal(identities.rows.length, 1)
})

await t.test('unlink leaves a way to sign in', async (t) => {
  const { deps, users, find, audited } = createHouse()
  const { id } = await find()
  const last = {
    code: 'FAILED_PRECONDITION',
    reason: 'last_sign_in_method',
    message: 'This is the last way to sign in; link another account first.',
  }
  await t.rejects(unlinkExternalAccount(deps, id, 'github', null), last)
  await linkExternalAccount(deps, id, { provider: 'sso', profile: OCTOCAT, address })
  await unlinkExternalAccount(deps, id, 'github', address)
  t.match(audited().at(-1), ['identity.unlinked', id])
  await t.rejects(unlinkExternalAccount(deps, id, 'sso', null), last)
  const none = { code: 'NOT_FOUND', reason: 'identity_not_found' }
  await t.rejects(unlinkExternalAccount(deps, id, 'github', null), none)
  await t.rejects(unlinkExternalAccount(deps, 'gone', 'github', null), none)
  users.add({ id: 'bob', username: 'bob', passwordHash: 'hash:x' })
  await linkExternalAccount(deps, 'bob', { provider: 'github', profile: OCTOCAT, address })
  await t.resolves(unlinkExternalAccount(deps, 'bob', 'github', null), 'the password is left')
})
