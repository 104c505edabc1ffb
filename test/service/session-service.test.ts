import t from 'tap'
import { createSessionService } from '../../src/service/session-service.js'
import { createSessionHouse, LAPTOP, PHONE } from '../helpers/session-house.js'

const NOT_FOUND = {
  code: 'NOT_FOUND',
  reason: 'session_not_found',
  message: 'There is no such live session.',
}
const BOTH = { asked: 2, answered: 2 }

await t.test('service signs in, refreshes and signs out', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const principal = await house.authenticate(first.accessToken)
  t.strictSame(await house.sessions.current(principal), {
    user: house.user,
    session: {
      id: first.sessionId,
      userId: 'user-1',
      clientId: 'laptop',
      method: 'password',
      userAgent: 'Browser/1',
      address: '192.0.2.1',
      createdAt: house.clock.now(),
      lastSeenAt: house.clock.now(),
      idleExpiresAt: house.clock.now() + 7 * 86_400_000,
      expiresAt: house.clock.now() + 30 * 86_400_000,
    },
  })
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  t.equal(second.sessionId, first.sessionId)
  const closed: string[] = []
  house.handles.attach(first.sessionId, { end: (ended) => closed.push(`here ${ended.reason}`) })
  house.otherHandles.attach(first.sessionId, {
    end: (ended) => closed.push(`there ${ended.reason}`),
  })
  const result = await house.sessions.logout(principal)
  t.strictSame(result, { ended: 1, connectionsClosed: 2, processes: BOTH })
  t.strictSame(closed, ['here logged_out', 'there logged_out'])
  const over = { code: 'UNAUTHENTICATED', reason: 'logged_out' }
  for (const { accessToken } of [first, second]) {
    await t.rejects(house.authenticate(accessToken), over)
  }
  await t.rejects(house.sessions.refresh(second.refreshToken, LAPTOP), over)
  t.match(house.auditLog.events.at(-1), {
    type: 'session.ended',
    at: house.clock.now(),
    actorId: 'user-1',
    userId: 'user-1',
    sessionId: first.sessionId,
    data: { reason: 'logged_out' },
  })
  t.equal((await house.sessions.logout(principal)).ended, 0, 'again is no error')
})

await t.test('service lists the sessions of the caller with their connections', async (t) => {
  const house = createSessionHouse()
  house.users.add({ id: 'user-2', username: 'eve', passwordHash: 'hash:password of eve' })
  await house.sessions.login({ login: 'eve', password: 'password of eve', remember: true }, PHONE)
  const first = await house.login()
  house.clock.advance(1000)
  const second = await house.login(PHONE)
  const handle = { end() {} }
  house.handles.attach(first.sessionId, handle)
  house.otherHandles.attach(first.sessionId, handle)
  house.otherHandles.attach(first.sessionId, handle)
  const principal = await house.authenticate(second.accessToken)
  const list = await house.sessions.list(principal)
  t.strictSame(
    list.map(({ id, current, connections, clientId }) => ({ id, current, connections, clientId })),
    [
      { id: second.sessionId, current: true, connections: 0, clientId: 'phone' },
      { id: first.sessionId, current: false, connections: 3, clientId: 'laptop' },
    ],
  )
  t.notMatch(JSON.stringify(list), /[Tt]oken|[Hh]ash/)
  const asOperator = await house.sessions.listForUser('user-1')
  t.strictSame(
    asOperator.map(({ id, current, connections }) => ({ id, current, connections })),
    [
      { id: second.sessionId, current: false, connections: 0 },
      { id: first.sessionId, current: false, connections: 3 },
    ],
  )
  await t.rejects(house.sessions.listForUser('nobody'), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
  })
})

await t.test('service lists sessions without counts when the broker is away', async (t) => {
  const house = createSessionHouse()
  const { accessToken } = await house.login()
  const principal = await house.authenticate(accessToken)
  house.broker.setDown(true)
  t.match(await house.sessions.list(principal), [{ current: true, connections: 0 }])
  t.match(house.logger.lines.at(-1), {
    level: 'warn',
    message: 'cannot count the open connections',
  })
  await house.sessions.logout(principal)
  const asked = house.broker.asked.length
  t.strictSame(await house.sessions.list(principal), [])
  t.equal(house.broker.asked.length, asked, 'nothing to count, nobody to ask')
})

await t.test('service ends one session of the caller and no other', async (t) => {
  const house = createSessionHouse()
  house.users.add({ id: 'user-2', username: 'eve', passwordHash: 'hash:password of eve' })
  const theirs = await house.sessions.login(
    { login: 'eve', password: 'password of eve', remember: true },
    PHONE,
  )
  const mine = await house.login()
  const other = await house.login(PHONE)
  const principal = await house.authenticate(mine.accessToken)
  house.handles.attach(other.sessionId, { end() {} })
  t.strictSame(await house.sessions.end(principal, other.sessionId), {
    ended: 1,
    connectionsClosed: 1,
    processes: BOTH,
  })
  await t.rejects(house.authenticate(other.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_user',
  })
  await t.rejects(house.sessions.end(principal, other.sessionId), NOT_FOUND, 'already over')
  await t.rejects(house.sessions.end(principal, theirs.sessionId), NOT_FOUND, 'not theirs')
  await t.rejects(house.sessions.end(principal, 'nonsense'), NOT_FOUND)
  await t.resolves(house.authenticate(theirs.accessToken))
  await t.resolves(house.authenticate(mine.accessToken))
})

await t.test('service ends all other sessions of the caller', async (t) => {
  const house = createSessionHouse()
  const mine = await house.login()
  const others = [await house.login(PHONE), await house.login(PHONE)]
  const principal = await house.authenticate(mine.accessToken)
  t.match(await house.sessions.endOthers(principal), { ended: 2, processes: BOTH })
  for (const other of others) {
    await t.rejects(house.authenticate(other.accessToken), {
      code: 'UNAUTHENTICATED',
      reason: 'ended_by_user',
    })
  }
  await t.resolves(house.authenticate(mine.accessToken))
  t.strictSame(await house.sessions.endOthers(principal), {
    ended: 0,
    connectionsClosed: 0,
    processes: { asked: 0, answered: 0 },
  })
})

await t.test('service ends sessions for the operator', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const second = await house.login()
  const third = await house.login()
  t.equal((await house.sessions.endAsAdmin({ sessionId: first.sessionId })).ended, 1)
  await t.rejects(house.authenticate(first.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  await t.rejects(house.sessions.endAsAdmin({ sessionId: first.sessionId }), NOT_FOUND)
  t.equal((await house.sessions.endAsAdmin({ userId: 'user-1' })).ended, 2)
  for (const { accessToken } of [second, third]) {
    await t.rejects(house.authenticate(accessToken), {
      code: 'UNAUTHENTICATED',
      reason: 'ended_by_admin',
    })
  }
  t.equal((await house.sessions.endAsAdmin({ userId: 'user-1' })).ended, 0)
  await t.rejects(house.sessions.endAsAdmin({ userId: 'nobody' }), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
  })
})

await t.test('service answers as over for a user who is gone', async (t) => {
  const house = createSessionHouse()
  const { accessToken } = await house.login()
  const principal = await house.authenticate(accessToken)
  house.users.remove('user-1')
  await t.rejects(house.sessions.current(principal), {
    code: 'UNAUTHENTICATED',
    reason: 'user_deleted',
  })
})

await t.test('service raises UNAVAILABLE when the store is away, and ends nothing', async (t) => {
  const house = createSessionHouse()
  const { accessToken, refreshToken } = await house.login()
  const principal = await house.authenticate(accessToken)
  const asked = house.broker.asked.length
  house.sessionStore.setDown(true)
  const unavailable = { code: 'UNAVAILABLE' }
  await t.rejects(house.sessions.logout(principal), unavailable)
  await t.rejects(house.sessions.list(principal), unavailable)
  await t.rejects(house.sessions.refresh(refreshToken, LAPTOP), unavailable)
  await t.rejects(house.login(), unavailable)
  t.equal(house.broker.asked.length, asked)
  house.sessionStore.setDown(false)
  await t.resolves(house.authenticate(accessToken))
})

await t.test('service ends one browser of the caller, with all its sessions', async (t) => {
  const house = createSessionHouse()
  const [first, second] = [await house.login(LAPTOP), await house.login(LAPTOP)]
  const phone = await house.login(PHONE)
  const principal = await house.authenticate(phone.accessToken)
  t.match(await house.sessions.endClient(principal, 'laptop'), { ended: 2 })
  for (const { accessToken } of [first, second]) {
    await t.rejects(house.authenticate(accessToken), {
      code: 'UNAUTHENTICATED',
      reason: 'ended_by_user',
    })
  }
  await t.resolves(house.authenticate(phone.accessToken))
  await t.rejects(house.sessions.endClient(principal, 'laptop'), {
    code: 'NOT_FOUND',
    reason: 'session_not_found',
  })
  house.users.add({ id: 'user-2', username: 'eve', passwordHash: 'hash:password of eve' })
  const eve = { login: 'eve', password: 'password of eve', remember: true }
  const other = await house.sessions.login(eve, LAPTOP)
  await t.rejects(house.sessions.endClient(principal, 'laptop'), {
    code: 'NOT_FOUND',
    reason: 'session_not_found',
  })
  await t.resolves(house.authenticate(other.accessToken), 'the same browser, another user')
})

await t.test('an administrator ends a client of a user, and all that a key signed', async (t) => {
  const house = createSessionHouse()
  const laptop = await house.login(LAPTOP)
  const phone = await house.login(PHONE)
  const actor = { actorId: 'root', address: '192.0.2.9' }
  const target = { userId: 'user-1', clientId: 'laptop' }
  t.match(await house.sessions.endAsAdmin(target, actor), { ended: 1 })
  await t.rejects(house.authenticate(laptop.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  t.match(house.auditLog.events.at(-1), { type: 'session.ended', ...actor })
  const { keyId } = await house.tokenVerifier.verifyAccess(phone.accessToken)
  t.match(await house.sessions.endAsAdmin({ keyId: 'other' }, actor), { ended: 0 })
  t.match(await house.sessions.endAsAdmin({ keyId }, actor), { ended: 1 })
  await t.rejects(house.authenticate(phone.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
})

await t.test('createSessionService does nothing by itself', async (t) => {
  const { deps } = createSessionHouse()
  createSessionService(deps)
  t.ok(Object.values(deps.sessionStore.calls).every((count) => count === 0))
  t.strictSame(deps.broker.asked, [])
})
