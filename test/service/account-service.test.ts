import t from 'tap'
import type { AuthChange } from '../../src/domain/auth-change.js'
import { AppError } from '../../src/errors/app-error.js'
import { createAccountService } from '../../src/service/account-service.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createFakePasswordHasher } from '../helpers/fake-password-hasher.js'
import { createMemoryAuditLog } from '../helpers/memory-audit-log.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'

const ADDRESS = '192.0.2.1'

function createHouse() {
  const registrations: string[] = []
  const announced: AuthChange[] = []
  const deps = {
    users: createMemoryUserRepository(),
    auditLog: createMemoryAuditLog(),
    transactions: createMemoryTransactionRunner(),
    passwordHasher: createFakePasswordHasher(),
    announcer: { announce: async (change: AuthChange) => void announced.push(change) },
    clock: createFakeClock(),
    registrations,
    throttle: {
      countRegistration: async (address: string) => {
        registrations.push(address)
      },
    },
    isCommonPassword: (password: string) => password === 'iloveyou1',
  }
  return { ...deps, announced, accounts: createAccountService(deps) }
}

await t.test('register makes an account in one transaction with its audit event', async (t) => {
  const { accounts, users, auditLog, transactions, clock } = createHouse()
  const user = await accounts.register(
    {
      username: 'Ada',
      password: 'correct horse',
      email: 'Ada@Example.com',
      displayName: ' Ada L. ',
    },
    ADDRESS,
  )
  t.match(user.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.strictSame(user, {
    id: user.id,
    username: 'ada',
    displayName: 'Ada L.',
    email: 'ada@example.com',
    avatarUrl: null,
    gender: 'unknown',
    role: 'user',
    state: 'active',
    createdAt: clock.now(),
  })
  t.equal((await users.findCredentials('ada'))?.passwordHash, 'hash:correct horse')
  t.strictSame(auditLog.events, [
    {
      type: 'user.registered',
      at: clock.now(),
      actorId: user.id,
      userId: user.id,
      sessionId: null,
      address: ADDRESS,
      data: { username: 'ada', role: 'user' },
    },
  ])
  t.ok(auditLog.transactions[0], 'in the transaction of the user')
  t.strictSame(transactions.outcomes, ['committed'])
})

await t.test('register makes do with a name and a password', async (t) => {
  const { accounts } = createHouse()
  const user = await accounts.register({ username: 'ada', password: 'cafe\u0301 au lait' }, ADDRESS)
  t.match(user, { username: 'ada', displayName: 'ada', email: null })
})

await t.test('register hashes the normalised password', async (t) => {
  const { accounts, passwordHasher } = createHouse()
  await accounts.register({ username: 'ada', password: 'cafe\u0301 au lait' }, ADDRESS)
  t.strictSame(passwordHasher.hashed, ['caf\u00e9 au lait'])
})

await t.test('register names everything that is wrong at once, before any work', async (t) => {
  const { accounts, passwordHasher, transactions } = createHouse()
  const account = { username: 'a b', password: 'short', email: 'nowhere', displayName: '\u0000' }
  const error: unknown = await accounts
    .register(account, ADDRESS)
    .catch((thrown: unknown) => thrown)
  if (!(error instanceof AppError)) throw new Error('not refused')
  t.match(error, { code: 'INVALID_ARGUMENT', message: 'The account has invalid fields.' })
  t.strictSame(
    error.details.map((detail) => detail.path),
    ['username', 'email', 'displayName', 'password'],
  )
  t.strictSame(passwordHasher.hashed, [])
  t.strictSame(transactions.outcomes, [])
})

await t.test('register passes on that a name or an address is taken', async (t) => {
  const { accounts, transactions, auditLog } = createHouse()
  const password = 'correct horse'
  await accounts.register({ username: 'ada', password, email: 'ada@example.com' }, ADDRESS)
  await t.rejects(accounts.register({ username: 'ADA', password }, ADDRESS), {
    code: 'ALREADY_EXISTS',
    reason: 'username_taken',
  })
  await t.rejects(
    accounts.register({ username: 'eve', password, email: 'ADA@example.com' }, ADDRESS),
    { code: 'ALREADY_EXISTS', reason: 'email_taken' },
  )
  t.strictSame(transactions.outcomes, ['committed', 'rolled back', 'rolled back'])
  t.equal(auditLog.events.length, 1)
})

await t.test('register is undone when the audit event cannot be written', async (t) => {
  const { accounts, transactions, auditLog } = createHouse()
  auditLog.setDown(true)
  await t.rejects(accounts.register({ username: 'ada', password: 'correct horse' }, ADDRESS), {
    message: 'the audit log is away',
  })
  t.strictSame(transactions.outcomes, ['rolled back'])
})

await t.test('createAsOperator makes an account of any role', async (t) => {
  const { accounts, auditLog } = createHouse()
  t.equal(await accounts.hasAdmin(), false)
  const account = { username: 'root', password: 'correct horse' }
  const user = await accounts.createAsOperator({ ...account, role: 'admin' })
  t.equal(user.role, 'admin')
  t.equal(await accounts.hasAdmin(), true)
  t.match(auditLog.events, [
    {
      type: 'user.created',
      actorId: null,
      userId: user.id,
      address: null,
      data: { role: 'admin' },
    },
  ])
  await t.rejects(accounts.createAsOperator({ ...account, username: 'eve', role: 'king' }), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'role', message: 'A role is one of user, admin, not "king".' }],
  })
})

await t.test('setRole changes the role and writes it down', async (t) => {
  const { accounts, auditLog, clock, users } = createHouse()
  users.add({ id: 'user-1', username: 'ada' })
  t.equal((await accounts.setRole('Ada', 'admin')).role, 'admin')
  t.strictSame(auditLog.events, [
    {
      type: 'user.role_changed',
      at: clock.now(),
      actorId: null,
      userId: 'user-1',
      sessionId: null,
      address: null,
      data: { from: 'user', to: 'admin' },
    },
  ])
  t.ok(auditLog.transactions[0])
  t.equal((await accounts.setRole('ada', 'admin')).role, 'admin', 'again changes nothing')
  t.equal(auditLog.events.length, 1)
  await t.rejects(accounts.setRole('nobody', 'admin'), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
  })
  await t.rejects(accounts.setRole('ada', 'king'), { code: 'INVALID_ARGUMENT' })
  users.update = async () => null
  await t.rejects(accounts.setRole('ada', 'user'), { code: 'NOT_FOUND' }, 'gone meanwhile')
})

await t.test('updateProfile changes what is given', async (t) => {
  const { accounts, users } = createHouse()
  users.add({ id: 'user-1', username: 'ada', displayName: 'Ada' })
  t.match(await accounts.updateProfile('user-1', { displayName: ' Ada L. ' }), {
    displayName: 'Ada L.',
    gender: 'unknown',
  })
  t.match(await accounts.updateProfile('user-1', { gender: 'female' }), {
    displayName: 'Ada L.',
    gender: 'female',
  })
  t.match(await accounts.updateProfile('user-1', {}), { displayName: 'Ada L.', gender: 'female' })
})

await t.test('updateProfile refuses bad values, extra members and unknown users', async (t) => {
  const { accounts, users } = createHouse()
  users.add({ id: 'user-1', username: 'ada' })
  await t.rejects(accounts.updateProfile('user-1', { displayName: '' }), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'displayName' }],
  })
  const odd = { gender: 'odd' } as unknown as { gender: 'male' }
  await t.rejects(accounts.updateProfile('user-1', odd), {
    code: 'INVALID_ARGUMENT',
    message: 'A gender is one of unknown, male, female.',
    details: [{ path: 'gender' }],
  })
  const more = { displayName: 'Ada', role: 'admin', state: 'frozen' }
  t.match(await accounts.updateProfile('user-1', more), { role: 'user', state: 'active' })
  const missing = { code: 'NOT_FOUND', reason: 'user_not_found' }
  await t.rejects(accounts.updateProfile('nobody', { gender: 'male' }), missing)
  await t.rejects(accounts.updateProfile('nobody', {}), missing)
})

await t.test('findByUsername and list read accounts', async (t) => {
  const { accounts, users } = createHouse()
  const ada = users.add({ id: 'user-1', username: 'ada', passwordHash: 'secret' })
  const eve = users.add({ id: 'user-2', username: 'eve' })
  t.strictSame(await accounts.findByUsername('ADA'), ada)
  await t.rejects(accounts.findByUsername('nobody'), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
    message: 'There is no such user.',
  })
  t.strictSame(await accounts.list({ limit: 1 }), { users: [ada], next: 'user-1' })
  t.strictSame(await accounts.list({ limit: 1, after: 'user-1' }), { users: [eve], next: null })
})

await t.test('register counts against the address before it hashes', async (t) => {
  const house = createHouse()
  await house.accounts.register({ username: 'ada', password: 'correct horse' }, ADDRESS)
  t.same(house.registrations, [ADDRESS])
  await t.rejects(house.accounts.register({ username: 'x', password: 'short' }, ADDRESS))
  t.same(house.registrations, [ADDRESS], 'what is not valid costs nothing')
  await house.accounts.createAsOperator({
    username: 'bob',
    password: 'horse battery',
    role: 'user',
  })
  t.same(house.registrations, [ADDRESS], 'an operator is not counted')
})
