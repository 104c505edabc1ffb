import t from 'tap'
import { createAccountHouse, OPERATOR } from '../helpers/account-house.js'
import { PHONE } from '../helpers/session-house.js'

const NOTHING = { ended: 0, connectionsClosed: 0, processes: { asked: 0, answered: 0 } }

await t.test('authorize wants the role in the token and in the account as it is now', async (t) => {
  const { userAdmin, users, principal } = await createAccountHouse()
  const denied = {
    code: 'PERMISSION_DENIED',
    reason: 'admin_required',
    message: 'This is for administrators only.',
  }
  const root = { ...principal, userId: 'root', role: 'admin' } as const
  await t.rejects(userAdmin.authorize(root), denied, 'no such user')
  users.add({ id: 'root', username: 'root', role: 'admin' })
  await t.resolves(userAdmin.authorize(root))
  await t.rejects(userAdmin.authorize({ ...root, role: 'user' }), denied, 'an old token')
  const tx = { afterCommit() {} }
  await users.update(tx, 'root', { role: 'user' })
  await t.rejects(userAdmin.authorize(root), denied, 'the role is gone at once')
  await users.update(tx, 'root', { role: 'admin', state: 'frozen' })
  await t.rejects(userAdmin.authorize(root), denied, 'frozen')
})

await t.test('update changes what is asked for and writes each change down', async (t) => {
  const { userAdmin, auditLog, transactions } = await createAccountHouse()
  const changes = { displayName: ' Ada ', email: 'A@B.example', gender: 'female', role: 'admin' }
  const { user, end } = await userAdmin.update('user-1', changes, OPERATOR)
  t.match(user, { displayName: 'Ada', email: 'a@b.example', gender: 'female', role: 'admin' })
  t.strictSame(end, NOTHING)
  t.match(auditLog.events, [
    {
      type: 'user.role_changed',
      ...OPERATOR,
      userId: 'user-1',
      data: { from: 'user', to: 'admin' },
    },
    { type: 'user.profile_changed', data: { fields: 'displayName gender email' } },
  ])
  t.strictSame(transactions.outcomes, ['committed'])
  t.match(await userAdmin.update('user-1', { email: null }, OPERATOR), { user: { email: null } })
})

await t.test('update names every wrong field and changes nothing', async (t) => {
  const { userAdmin, users } = await createAccountHouse()
  const wrong = { displayName: '\u0000', email: 'x', gender: 'odd', role: 'root', state: 'dead' }
  await t.rejects(userAdmin.update('user-1', wrong, OPERATOR), {
    code: 'INVALID_ARGUMENT',
    details: ['displayName', 'gender', 'role', 'state', 'email'].map((path) => ({ path })),
  })
  t.match(await users.findById('user-1'), { role: 'user', state: 'active' })
  await t.rejects(userAdmin.update('nobody', { role: 'user' }, OPERATOR), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
  })
})

await t.test('freezing ends every session in every process', async (t) => {
  const house = await createAccountHouse()
  house.handles.attach(house.laptop.sessionId, { end() {} })
  house.otherHandles.attach(house.phone.sessionId, { end() {} })
  const { end } = await house.userAdmin.update('user-1', { state: 'frozen' }, OPERATOR)
  t.strictSame(end, { ended: 2, connectionsClosed: 2, processes: { asked: 2, answered: 2 } })
  for (const { sessionId } of [house.laptop, house.phone]) {
    t.equal(await house.reasonOf(sessionId), 'user_frozen')
  }
  t.same(house.eventTypes(), ['user.frozen', 'session.ended', 'session.ended'])
  await t.rejects(house.login(), { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
  await t.rejects(house.sessions.refresh(house.laptop.refreshToken, PHONE), {
    code: 'UNAUTHENTICATED',
    reason: 'user_frozen',
  })
  const thawed = await house.userAdmin.update('user-1', { state: 'active' }, OPERATOR)
  t.strictSame(thawed.end, NOTHING)
  t.equal(house.eventTypes().at(-1), 'user.unfrozen')
  await t.resolves(house.login())
})

await t.test('a sign-in under way when its user is frozen is over too', async (t) => {
  for (const [change, reason] of [
    ['freeze', 'user_frozen'],
    ['delete', 'user_deleted'],
  ] as const) {
    const house = await createAccountHouse()
    const create = house.sessionStore.create.bind(house.sessionStore)
    let sessionId = ''
    house.sessionStore.create = async (session, policy) => {
      sessionId = session.id
      if (change === 'delete') await house.userAdmin.delete('user-1', OPERATOR)
      else await house.userAdmin.update('user-1', { state: 'frozen' }, OPERATOR)
      return create(session, policy)
    }
    await t.rejects(house.login(PHONE), { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
    t.equal(await house.reasonOf(sessionId), reason)
  }
})

await t.test('delete takes the account away and ends its sessions', async (t) => {
  const house = await createAccountHouse()
  t.match(await house.userAdmin.delete('user-1', OPERATOR), { ended: 2 })
  t.equal(await house.users.findById('user-1'), null)
  t.equal(await house.reasonOf(house.phone.sessionId), 'user_deleted')
  t.match(house.auditLog.events[0], {
    type: 'user.deleted',
    ...OPERATOR,
    userId: 'user-1',
    data: { username: 'ada' },
  })
  await t.rejects(house.userAdmin.delete('user-1', OPERATOR), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
  })
  await t.rejects(house.authenticate(house.laptop.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'user_deleted',
  })
})

await t.test('nobody locks themselves out', async (t) => {
  const { userAdmin, users } = await createAccountHouse()
  const self = { actorId: 'user-1', address: '192.0.2.1' }
  const own = { code: 'FAILED_PRECONDITION', reason: 'own_account' }
  await t.rejects(userAdmin.update('user-1', { state: 'frozen' }, self), own)
  await t.rejects(userAdmin.update('user-1', { role: 'user' }, self), own)
  await t.rejects(userAdmin.delete('user-1', self), own)
  await t.resolves(userAdmin.update('user-1', { displayName: 'Ada' }, self))
  t.match(await users.findById('user-1'), { state: 'active' })
})
