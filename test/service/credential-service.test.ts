import t from 'tap'
import { createAccountHouse, OPERATOR, RESET_SECONDS } from '../helpers/account-house.js'
import { LAPTOP, PHONE, THROTTLE_RULES } from '../helpers/session-house.js'

const ADDRESS = '192.0.2.1'
const CHANGE = { currentPassword: 'correct horse', newPassword: 'battery staple' }
const WRONG = {
  code: 'PERMISSION_DENIED',
  reason: 'password_wrong',
  message: 'The current password is wrong.',
}
const NO_LINK = {
  code: 'INVALID_ARGUMENT',
  reason: 'reset_token_invalid',
  message: 'This reset link is not valid: it was used before, or its time is up.',
}

await t.test('changePassword sets it, ends the other sessions and keeps this one', async (t) => {
  const house = await createAccountHouse()
  let closed = 0
  house.otherHandles.attach(house.phone.sessionId, { end: () => (closed += 1) })
  t.strictSame(await house.credentials.changePassword(house.principal, CHANGE, ADDRESS), {
    ended: 1,
    connectionsClosed: 1,
    processes: { asked: 2, answered: 2 },
  })
  t.equal(closed, 1)
  t.equal(await house.reasonOf(house.phone.sessionId), 'password_changed')
  t.equal(await house.reasonOf(house.laptop.sessionId), null)
  t.match(house.auditLog.events, [
    { type: 'password.changed', actorId: 'user-1', userId: 'user-1', address: ADDRESS, data: {} },
    { type: 'session.ended', sessionId: house.phone.sessionId },
  ])
  t.strictSame(house.transactions.outcomes, ['committed'])
  await t.rejects(house.login(), { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
  const input = { login: 'ada', password: 'battery staple', remember: true }
  await t.resolves(house.sessions.login(input, PHONE))
})

await t.test(
  'changePassword wants the current password, and takes it in any spelling',
  async (t) => {
    const house = await createAccountHouse()
    for (const currentPassword of [
      'wrong password',
      'short',
      'x'.repeat(1024),
      '\ufdfa'.repeat(300),
    ]) {
      const change = { ...CHANGE, currentPassword }
      await t.rejects(house.credentials.changePassword(house.principal, change, ADDRESS), WRONG)
    }
    t.equal(house.passwordHasher.verified.length, 4, 'each after the same work')
    t.same(house.eventTypes(), [])
    t.equal(await house.reasonOf(house.phone.sessionId), null)
    const wide = { ...CHANGE, currentPassword: 'correct\u3000horse' }
    await t.resolves(house.credentials.changePassword(house.principal, wide, ADDRESS))
  },
)

await t.test('changePassword refuses what register refuses', async (t) => {
  const house = await createAccountHouse()
  const cases = [
    ['short', 'A password has 8 to 1024 bytes.'],
    ['ada@example.com', 'A password is not the username or e-mail address.'],
    ['ILoveYou1', 'This password is among the most common; choose another.'],
  ]
  for (const [newPassword = '', message] of cases) {
    const change = { ...CHANGE, newPassword }
    await t.rejects(house.credentials.changePassword(house.principal, change, ADDRESS), {
      code: 'INVALID_ARGUMENT',
      message,
      details: [{ path: 'newPassword', message }],
    })
  }
  t.same(house.passwordHasher.hashed, [])
})

await t.test('changePassword is throttled on the browser of the session', async (t) => {
  const house = await createAccountHouse()
  const wrong = { ...CHANGE, currentPassword: 'wrong password' }
  for (let index = 0; index < THROTTLE_RULES.clientFailuresMax; index += 1) {
    await t.rejects(house.credentials.changePassword(house.principal, wrong, ADDRESS), WRONG)
  }
  await t.rejects(house.credentials.changePassword(house.principal, CHANGE, ADDRESS), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_many_attempts',
  })
  await t.resolves(house.login(PHONE), 'the other browser of the owner goes on')
})

await t.test('changePassword knows accounts without a password, and none at all', async (t) => {
  const house = await createAccountHouse()
  house.users.add({ id: 'user-2', username: 'oauth' })
  const principal = { ...house.principal, userId: 'user-2' }
  await t.rejects(house.credentials.changePassword(principal, CHANGE, ADDRESS), {
    code: 'FAILED_PRECONDITION',
    reason: 'password_not_set',
    message: 'This account has no password.',
  })
  const gone = { ...house.principal, userId: 'nobody' }
  await t.rejects(house.credentials.changePassword(gone, CHANGE, ADDRESS), {
    code: 'UNAUTHENTICATED',
    reason: 'user_deleted',
  })
})

await t.test('a sign-in under way with the old password is over too', async (t) => {
  const house = await createAccountHouse()
  const create = house.sessionStore.create.bind(house.sessionStore)
  // The password changes between the check of the old one and the new session.
  house.sessionStore.create = async (session, policy) => {
    house.sessionStore.create = create
    const displaced = await create(session, policy)
    await house.credentials.changePassword(house.principal, CHANGE, ADDRESS)
    return displaced
  }
  await t.rejects(house.login(PHONE), { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
  t.same(
    (await house.sessions.list(house.principal)).map(({ id }) => id),
    [house.laptop.sessionId],
  )
})

await t.test('changeEmail wants the password and changes what comes along', async (t) => {
  const house = await createAccountHouse()
  const wanted = { email: 'New@Example.com', displayName: ' Ada L. ', currentPassword: 'no' }
  await t.rejects(house.credentials.changeEmail(house.principal, wanted, ADDRESS), WRONG)
  t.equal((await house.users.findById('user-1'))?.email, 'ada@example.com')
  const proved = { ...wanted, currentPassword: 'correct horse' }
  t.match(await house.credentials.changeEmail(house.principal, proved, ADDRESS), {
    email: 'new@example.com',
    displayName: 'Ada L.',
  })
  t.match(house.auditLog.events, [
    { type: 'user.profile_changed', actorId: 'user-1', data: { fields: 'displayName email' } },
  ])
  const none = { email: null, currentPassword: 'correct horse' }
  t.match(await house.credentials.changeEmail(house.principal, none, ADDRESS), { email: null })
})

await t.test('changeEmail refuses an address that is none, or somebody else has', async (t) => {
  const house = await createAccountHouse()
  house.users.add({ id: 'user-2', username: 'bob', email: 'bob@example.com' })
  const change = (email: string, gender = 'female') =>
    house.credentials.changeEmail(
      house.principal,
      { email, gender, currentPassword: 'correct horse' },
      ADDRESS,
    )
  await t.rejects(change('nonsense', 'odd'), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'gender' }, { path: 'email' }],
  })
  t.equal(house.passwordHasher.verified.length, 0)
  await t.rejects(change('bob@example.com'), { code: 'ALREADY_EXISTS', reason: 'email_taken' })
  t.equal((await house.users.findById('user-1'))?.gender, 'unknown')
})

await t.test('a reset link sets the password once and ends every session', async (t) => {
  const house = await createAccountHouse({ resetUrl: 'https://app.example/reset' })
  const made = await house.credentials.createResetLink('user-1', OPERATOR)
  t.match(made.token, /^[\w-]{44}$/)
  t.equal(made.link, `https://app.example/reset#token=${made.token}`)
  t.equal(made.expiresAt, house.clock.now() + RESET_SECONDS * 1000)
  const reset = { token: made.token, newPassword: 'battery staple' }
  t.match(await house.credentials.resetPassword(reset, ADDRESS), { ended: 2 })
  for (const { sessionId } of [house.laptop, house.phone]) {
    t.equal(await house.reasonOf(sessionId), 'password_reset')
  }
  t.match(house.auditLog.events.slice(0, 2), [
    { type: 'password.reset_link_made', ...OPERATOR, userId: 'user-1' },
    { type: 'password.reset', actorId: null, userId: 'user-1', address: ADDRESS },
  ])
  t.notMatch(JSON.stringify(house.auditLog.events), made.token)
  await t.rejects(house.credentials.resetPassword(reset, ADDRESS), NO_LINK)
  await t.rejects(house.login(), { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
  const input = { login: 'ada', password: 'battery staple', remember: true }
  await t.resolves(house.sessions.login(input, LAPTOP))
})

await t.test('a reset link dies with its time, with a change, and with its user', async (t) => {
  const house = await createAccountHouse()
  const { credentials, clock } = house
  const reset = (token: string) =>
    credentials.resetPassword({ token, newPassword: 'battery staple' }, ADDRESS)
  await t.rejects(reset('made up'), NO_LINK)
  const late = await credentials.createResetLink('user-1', OPERATOR)
  t.equal(late.link, null)
  clock.advance(RESET_SECONDS * 1000)
  await t.rejects(reset(late.token), NO_LINK)
  const changed = await credentials.createResetLink('user-1', OPERATOR)
  const other = await credentials.createResetLink('user-1', OPERATOR)
  await reset(other.token)
  await t.rejects(reset(changed.token), NO_LINK, 'another link was used meanwhile')
  const last = await credentials.createResetLink('user-1', OPERATOR)
  house.users.remove('user-1')
  await t.rejects(reset(last.token), NO_LINK)
  await t.rejects(credentials.createResetLink('user-1', OPERATOR), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
  })
})

await t.test('a password that cannot be used does not spend the link', async (t) => {
  const house = await createAccountHouse()
  const { token } = await house.credentials.createResetLink('user-1', OPERATOR)
  const weak = { token, newPassword: 'iloveyou1' }
  await t.rejects(house.credentials.resetPassword(weak, ADDRESS), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'newPassword' }],
  })
  const good = { token, newPassword: 'battery staple' }
  await t.resolves(house.credentials.resetPassword(good, ADDRESS))
})

await t.test('of many uses of one link at once, one succeeds', async (t) => {
  const house = await createAccountHouse()
  const { token } = await house.credentials.createResetLink('user-1', OPERATOR)
  const uses = Array.from({ length: 20 }, () =>
    house.credentials.resetPassword({ token, newPassword: 'battery staple' }, ADDRESS),
  )
  const results = await Promise.allSettled(uses)
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

await t.test('a link gives an account that never had one a password', async (t) => {
  const house = await createAccountHouse()
  house.users.add({ id: 'user-2', username: 'oauth' })
  const { token } = await house.credentials.createResetLink('user-2', OPERATOR)
  await house.credentials.resetPassword({ token, newPassword: 'battery staple' }, ADDRESS)
  const input = { login: 'oauth', password: 'battery staple', remember: true }
  await t.resolves(house.sessions.login(input, LAPTOP))
})

await t.test('guessing reset tokens is throttled by address', async (t) => {
  const house = await createAccountHouse()
  const guess = () =>
    house.credentials.resetPassword({ token: 'guess', newPassword: 'battery staple' }, ADDRESS)
  for (let index = 0; index < THROTTLE_RULES.addressFailuresMax; index += 1) {
    await t.rejects(guess(), NO_LINK)
  }
  await t.rejects(guess(), { code: 'RESOURCE_EXHAUSTED', reason: 'too_many_attempts' })
})
