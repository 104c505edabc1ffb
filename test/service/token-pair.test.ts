import t from 'tap'
import { createTokenPairIssuer } from '../../src/service/token-pair.js'
import { ACCESS_SECONDS, createSessionHouse } from '../helpers/session-house.js'

async function createHouse() {
  const house = createSessionHouse()
  const { sessionId } = await house.login()
  const check = await house.sessionStore.check(sessionId, house.clock.now())
  if (!check.alive) throw new Error('the session is over')
  return { house, session: check.session, pairs: createTokenPairIssuer(house.deps) }
}

await t.test('pair issuer makes two tokens of one session', async (t) => {
  const { house, session, pairs } = await createHouse()
  const { pair, refreshHash } = await pairs.issue(session, house.user)
  const access = await house.tokenVerifier.verifyAccess(pair.accessToken)
  const refresh = await house.tokenVerifier.verifyRefresh(pair.refreshToken)
  t.match(access, { userId: 'user-1', sessionId: session.id, role: 'user' })
  t.equal(access.expiresAt, house.clock.now() + ACCESS_SECONDS * 1000)
  t.match(refresh, { userId: 'user-1', sessionId: session.id, expiresAt: session.expiresAt })
  t.equal(house.tokenVault.hashTokenId(refresh.tokenId), refreshHash)
  t.not(access.tokenId, refresh.tokenId)
})

await t.test('pair issuer lets no token outlive the session', async (t) => {
  const { house, session, pairs } = await createHouse()
  const ending = { ...session, expiresAt: house.clock.now() + 5000 }
  const { pair } = await pairs.issue(ending, house.user)
  t.equal(pair.accessExpiresAt, ending.expiresAt)
  t.equal(pair.refreshExpiresAt, ending.expiresAt)
})

await t.test('pair issuer opens the very pair it sealed', async (t) => {
  const { house, session, pairs } = await createHouse()
  const { pair } = await pairs.issue(session, house.user)
  const sealed = pairs.seal('presented', pair)
  t.notOk(sealed.includes(pair.accessToken))
  t.strictSame(pairs.open('presented', sealed), pair)
  t.throws(() => pairs.open('other', sealed), { code: 'INTERNAL' })
})

await t.test('pair issuer presents the time that is left', async (t) => {
  const { house, session, pairs } = await createHouse()
  const { pair } = await pairs.issue(session, house.user)
  house.clock.advance(1500)
  t.match(pairs.present(pair, session, house.user), {
    expiresInSeconds: ACCESS_SECONDS - 2,
    sessionId: session.id,
  })
  house.clock.advance(ACCESS_SECONDS * 1000)
  t.equal(pairs.present(pair, session, house.user).expiresInSeconds, 0)
})
