import t from 'tap'
import { issueRefresh } from '../helpers/issue-token.js'
import {
  ABSOLUTE_SECONDS,
  ACCESS_SECONDS,
  createSessionHouse,
  IDLE_SECONDS,
  LAPTOP,
  PHONE,
  REPLAY_WINDOW_MS,
  SHORT_IDLE_SECONDS,
} from '../helpers/session-house.js'

const REUSED = { code: 'UNAUTHENTICATED', reason: 'reuse_detected' }

await t.test('refresh trades a token for a new pair', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  house.clock.advance(5000)
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  t.not(second.accessToken, first.accessToken)
  t.not(second.refreshToken, first.refreshToken)
  t.equal(second.expiresInSeconds, ACCESS_SECONDS)
  t.equal(second.refreshExpiresInSeconds, ABSOLUTE_SECONDS - 5)
  t.strictSame(second.user, house.user)
  await t.resolves(house.authenticate(first.accessToken), 'rotation cuts nothing')
  await t.resolves(house.authenticate(second.accessToken))
  await t.resolves(house.sessions.refresh(second.refreshToken, LAPTOP))
})

await t.test('refresh carries a new role and profile', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  await house.users.update({ afterCommit() {} }, 'user-1', { role: 'admin', displayName: 'Ada L.' })
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  t.match(second.user, { role: 'admin', displayName: 'Ada L.' })
  t.equal((await house.authenticate(second.accessToken)).role, 'admin')
})

await t.test('refresh gives the identical pair again within the window', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  house.clock.advance(REPLAY_WINDOW_MS - 1)
  const again = await house.sessions.refresh(first.refreshToken, LAPTOP)
  t.equal(again.accessToken, second.accessToken)
  t.equal(again.refreshToken, second.refreshToken)
  t.equal(again.sessionId, second.sessionId)
  t.equal(again.expiresInSeconds, ACCESS_SECONDS - 10, 'what is left now')
  t.equal(again.refreshExpiresInSeconds, ABSOLUTE_SECONDS - 10)
  t.strictSame(
    house.auditLog.events.map((event) => event.type),
    ['session.started'],
  )
})

await t.test('refresh lets 500 tabs converge on one pair', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const tabs = Array.from({ length: 500 }, () => house.sessions.refresh(first.refreshToken, LAPTOP))
  const pairs = await Promise.all(tabs)
  t.equal(new Set(pairs.map((pair) => pair.refreshToken)).size, 1)
  t.equal(new Set(pairs.map((pair) => pair.accessToken)).size, 1)
  const next = await house.sessions.refresh(pairs[0]?.refreshToken ?? '', LAPTOP)
  await t.resolves(house.authenticate(next.accessToken))
})

await t.test('refresh takes a late use of an old token for theft', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  const closed: unknown[] = []
  house.otherHandles.attach(first.sessionId, { end: (ended) => closed.push(ended.reason) })
  house.clock.advance(REPLAY_WINDOW_MS)
  await t.rejects(house.sessions.refresh(first.refreshToken, PHONE), REUSED)
  t.strictSame(closed, ['reuse_detected'])
  t.match(house.auditLog.events.at(-1), {
    type: 'session.reuse_detected',
    actorId: null,
    userId: 'user-1',
    sessionId: first.sessionId,
    address: PHONE.address,
  })
  await t.rejects(house.authenticate(second.accessToken), REUSED)
  await t.rejects(house.sessions.refresh(second.refreshToken, LAPTOP), REUSED)
  t.equal(
    house.auditLog.events.filter((event) => event.type === 'session.reuse_detected').length,
    1,
  )
})

await t.test('refresh does not let the window slide', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  await house.sessions.refresh(first.refreshToken, LAPTOP)
  house.clock.advance(REPLAY_WINDOW_MS - 1)
  await t.resolves(house.sessions.refresh(first.refreshToken, LAPTOP))
  house.clock.advance(1)
  await t.rejects(house.sessions.refresh(first.refreshToken, LAPTOP), REUSED)
})

await t.test('refresh takes an old token from another client for theft at once', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  await t.rejects(house.sessions.refresh(first.refreshToken, PHONE), REUSED)
  await t.rejects(house.authenticate(second.accessToken), REUSED)
})

await t.test('refresh takes an older generation for theft within the window too', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const second = await house.sessions.refresh(first.refreshToken, LAPTOP)
  await house.sessions.refresh(second.refreshToken, LAPTOP)
  await t.rejects(house.sessions.refresh(first.refreshToken, LAPTOP), REUSED)
})

await t.test('refresh refuses garbage before any look-up', async (t) => {
  const house = createSessionHouse()
  const { accessToken, refreshToken } = await house.login()
  const calls = { ...house.sessionStore.calls }
  const middle = Math.floor(refreshToken.length / 2)
  const letter = refreshToken[middle] === 'A' ? 'B' : 'A'
  const garbage = [
    '',
    'garbage',
    accessToken,
    refreshToken.slice(0, -1),
    `${refreshToken}A`,
    `${refreshToken} `,
    `${refreshToken.slice(0, middle)}${letter}${refreshToken.slice(middle + 1)}`,
    'x'.repeat(1_000_000),
  ]
  for (const token of garbage) {
    await t.rejects(
      house.sessions.refresh(token, LAPTOP),
      { code: 'UNAUTHENTICATED', reason: /^token_/ },
      token.slice(0, 20),
    )
  }
  t.strictSame(house.sessionStore.calls, calls)
})

await t.test('refresh moves the idle end, never past the absolute one', async (t) => {
  const house = createSessionHouse()
  const start = house.clock.now()
  let pair = await house.login()
  for (let week = 1; week <= 4; week += 1) {
    house.clock.advance(IDLE_SECONDS * 1000 - 1)
    pair = await house.sessions.refresh(pair.refreshToken, LAPTOP)
    const { session } = await house.sessions.current(await house.authenticate(pair.accessToken))
    const idleEnd = Math.min(house.clock.now() + IDLE_SECONDS * 1000, session.expiresAt)
    t.equal(session.idleExpiresAt, idleEnd, `week ${week}`)
    t.equal(session.expiresAt, start + ABSOLUTE_SECONDS * 1000)
  }
  const left = start + ABSOLUTE_SECONDS * 1000 - house.clock.now()
  house.clock.advance(left - 60_000)
  pair = await house.sessions.refresh(pair.refreshToken, LAPTOP)
  t.equal(pair.expiresInSeconds, 60, 'the access token ends with the session')
  t.equal(pair.refreshExpiresInSeconds, 60)
  house.clock.advance(60_000)
  await t.rejects(house.sessions.refresh(pair.refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'expired',
  })
  house.clock.advance(60_000)
  await t.rejects(house.sessions.refresh(pair.refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'token_expired',
  })
})

await t.test('refresh keeps the short idle time of a session that is not remembered', async (t) => {
  const house = createSessionHouse()
  let pair = await house.login(LAPTOP, false)
  for (let hour = 0; hour < 3; hour += 1) {
    house.clock.advance(SHORT_IDLE_SECONDS * 1000 - 1)
    pair = await house.sessions.refresh(pair.refreshToken, LAPTOP)
  }
  house.clock.advance(SHORT_IDLE_SECONDS * 1000)
  await t.rejects(house.sessions.refresh(pair.refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'idle_timeout',
  })
})

await t.test('refresh ends every session of a user who may not sign in', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  const other = await house.login(PHONE)
  const closed: unknown[] = []
  house.handles.attach(other.sessionId, { end: (ended) => closed.push(ended.reason) })
  house.freeze(house.user)
  const frozen = {
    code: 'UNAUTHENTICATED',
    reason: 'user_frozen',
    message: 'This account is frozen.',
  }
  await t.rejects(house.sessions.refresh(first.refreshToken, LAPTOP), frozen)
  t.strictSame(closed, ['user_frozen'])
  await t.rejects(house.authenticate(other.accessToken), frozen)
})

await t.test('refresh ends every session of a user who is gone', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  house.users.remove('user-1')
  await t.rejects(house.sessions.refresh(first.refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'user_deleted',
  })
  await t.rejects(house.authenticate(first.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'user_deleted',
  })
})

await t.test('refresh never revives a session that ends meanwhile', async (t) => {
  const house = createSessionHouse()
  for (let round = 0; round < 50; round += 1) {
    const pair = await house.login()
    const principal = await house.authenticate(pair.accessToken)
    const refreshing = house.sessions.refresh(pair.refreshToken, LAPTOP).catch(() => null)
    // Lets the refresh get a little further in each round before the end comes.
    for (let step = 0; step < round; step += 1) await Promise.resolve()
    await house.sessions.logout(principal)
    const refreshed = await refreshing
    const tokens = [pair.accessToken, ...(refreshed ? [refreshed.accessToken] : [])]
    for (const token of tokens)
      await t.rejects(house.authenticate(token), { code: 'UNAUTHENTICATED', reason: 'logged_out' })
  }
})

await t.test('refresh loses to an end that comes just before the step in the store', async (t) => {
  const house = createSessionHouse()
  const { refreshToken, accessToken } = await house.login()
  const principal = await house.authenticate(accessToken)
  const findById = house.users.findById.bind(house.users)
  house.users.findById = async (id) => {
    await house.sessions.logout(principal)
    return findById(id)
  }
  await t.rejects(house.sessions.refresh(refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'logged_out',
  })
  t.equal(house.sessionStore.calls.rotate, 1)
})

await t.test('refresh answers that a session unknown to the store is over', async (t) => {
  const house = createSessionHouse()
  const { refreshToken } = await house.login()
  house.clock.advance(IDLE_SECONDS * 1000)
  await house.sessionStore.deleteExpired(house.clock.now(), 10)
  await t.rejects(house.sessions.refresh(refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'session_not_found',
  })
})

await t.test('refresh refuses a token whose user is not the one of the session', async (t) => {
  const house = createSessionHouse()
  const { sessionId } = await house.login()
  const token = await issueRefresh(house.tokenIssuer, {
    userId: 'user-2',
    sessionId,
    tokenId: 'token-1',
    issuedAt: house.clock.now(),
    expiresAt: house.clock.now() + 60_000,
  })
  await t.rejects(house.sessions.refresh(token, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'session_not_found',
  })
})

await t.test('refresh ends a stolen session even when the broker is away', async (t) => {
  const house = createSessionHouse()
  const first = await house.login()
  await house.sessions.refresh(first.refreshToken, LAPTOP)
  house.broker.setDown(true)
  await t.rejects(house.sessions.refresh(first.refreshToken, PHONE), REUSED)
  await t.rejects(house.authenticate(first.accessToken), REUSED)
})
