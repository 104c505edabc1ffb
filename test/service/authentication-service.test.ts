import t from 'tap'
import { issueAccess } from '../helpers/issue-token.js'
import { createSessionHouse, IDLE_SECONDS, SHORT_IDLE_SECONDS } from '../helpers/session-house.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('authenticate tells who is calling', async (t) => {
  const house = createSessionHouse()
  const { accessToken, sessionId } = await house.login()
  t.strictSame(await house.authenticate(accessToken), {
    userId: 'user-1',
    role: 'user',
    sessionId,
    clientId: 'laptop',
    session: (await house.sessionStore.listByUser('user-1', house.clock.now()))[0],
    tokenExpiresAt: house.clock.now() + 600_000,
  })
})

await t.test('authenticate asks the store every time', async (t) => {
  const house = createSessionHouse()
  const { accessToken, sessionId } = await house.login()
  for (let call = 1; call <= 3; call += 1) {
    await house.authenticate(accessToken)
    t.equal(house.sessionStore.calls.check, call)
  }
  await house.sessionStore.end({ by: 'session', sessionId }, 'ended_by_admin', house.clock.now())
  await t.rejects(house.authenticate(accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
    message: 'This session was ended by an administrator.',
  })
})

await t.test('authenticate refuses a bad token without asking the store', async (t) => {
  const house = createSessionHouse()
  const { refreshToken } = await house.login()
  await t.rejects(house.authenticate('garbage'), {
    code: 'UNAUTHENTICATED',
    reason: 'token_malformed',
  })
  await t.rejects(house.authenticate(refreshToken), {
    code: 'UNAUTHENTICATED',
    reason: 'token_claims_invalid',
  })
  t.equal(house.sessionStore.calls.check, 0)
})

await t.test('authenticate refuses a token of an unknown session or another user', async (t) => {
  const house = createSessionHouse()
  const { sessionId } = await house.login()
  const issue = (userId: string, ofSession: string) =>
    issueAccess(house.tokenIssuer, {
      userId,
      sessionId: ofSession,
      tokenId: 'token-1',
      role: 'admin',
      issuedAt: house.clock.now(),
      expiresAt: house.clock.now() + 60_000,
    })
  const over = { code: 'UNAUTHENTICATED', reason: 'session_not_found' }
  await t.rejects(house.authenticate(await issue('user-1', 'unknown')), over)
  await t.rejects(house.authenticate(await issue('user-2', sessionId)), over)
})

await t.test('authenticate passes on that the store is away', async (t) => {
  const house = createSessionHouse()
  const { accessToken } = await house.login()
  house.sessionStore.setDown(true)
  await t.rejects(house.authenticate(accessToken), { code: 'UNAVAILABLE' })
})

await t.test('authenticate marks a session as seen at most once a minute', async (t) => {
  const house = createSessionHouse()
  const { accessToken, sessionId } = await house.login()
  house.clock.advance(59_999)
  await house.authenticate(accessToken)
  t.equal(house.sessionStore.calls.touch, 0)
  house.clock.advance(1)
  await Promise.all(Array.from({ length: 20 }, () => house.authenticate(accessToken)))
  t.equal(house.sessionStore.calls.touch, 1, 'a burst writes once')
  const check = await house.sessionStore.check(sessionId, house.clock.now())
  t.match(check, {
    session: {
      lastSeenAt: house.clock.now(),
      idleExpiresAt: house.clock.now() + IDLE_SECONDS * 1000,
    },
  })
  await house.authenticate(accessToken)
  t.equal(house.sessionStore.calls.touch, 1)
  house.clock.advance(60_000)
  await house.authenticate(accessToken)
  t.equal(house.sessionStore.calls.touch, 2)
})

await t.test('authenticate keeps the short idle time of a session', async (t) => {
  const house = createSessionHouse()
  const { accessToken, sessionId } = await house.login(undefined, false)
  house.clock.advance(120_000)
  await house.authenticate(accessToken)
  const check = await house.sessionStore.check(sessionId, house.clock.now())
  t.match(check, {
    session: { idleExpiresAt: house.clock.now() + SHORT_IDLE_SECONDS * 1000 },
  })
})

await t.test('authenticate does not fail when a session cannot be marked', async (t) => {
  const house = createSessionHouse()
  const { accessToken } = await house.login()
  house.clock.advance(60_000)
  house.sessionStore.touch = () => Promise.reject(new Error('full'))
  await t.resolves(house.authenticate(accessToken))
  await waitFor('the log', () => house.logger.lines.length > 0)
  t.match(house.logger.lines, [{ level: 'warn', message: 'cannot mark a session as seen' }])
  let touched = 0
  house.sessionStore.touch = async () => void (touched += 1)
  await house.authenticate(accessToken)
  t.equal(touched, 1, 'tried again with the next request')
})
