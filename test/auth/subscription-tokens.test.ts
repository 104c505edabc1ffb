import t from 'tap'
import { createSubscriptionTokens } from '../../src/auth/subscription-tokens.js'
import { AUDIENCE, createTokenHouse, es256, ISSUER, SKEW_SECONDS } from '../helpers/token-house.js'
import { encode, signParts } from '../helpers/test-keys.js'

function createTokens() {
  const house = createTokenHouse()
  const tokens = createSubscriptionTokens({
    ...{ keyRing: house.ring, clock: house.clock, issuer: ISSUER, audience: AUDIENCE },
    ...{ lifetimeSecondsMax: 600, clockSkewSeconds: SKEW_SECONDS },
  })
  const claims = {
    userId: 'ann',
    sessionId: null,
    channel: 'gate:a',
    info: '{"name":"Ann"}',
    expiresAt: house.clock.now() + 600_000,
  }
  const craft = (change: { header?: object; payload?: object }): string =>
    signParts(
      'ES256',
      es256.privateKey,
      encode(JSON.stringify({ alg: 'ES256', kid: es256.id, typ: 'st+jwt', ...change.header })),
      encode(
        JSON.stringify({
          ...{ iss: ISSUER, aud: `${AUDIENCE}/subscribe`, sub: 'ann', jti: 'j' },
          ...{ iat: house.claims.iat, exp: house.claims.iat + 60, channel: 'gate:a' },
          ...change.payload,
        }),
      ),
    )
  return { ...house, tokens, claims, craft }
}

await t.test('a subscription token says what it was issued for', async (t) => {
  const { tokens, claims } = createTokens()
  t.strictSame(await tokens.verify(await tokens.issue(claims)), claims)
  const bound = { ...claims, sessionId: 'session-1', info: null }
  t.strictSame(await tokens.verify(await tokens.issue(bound)), bound)
})

await t.test('no other token passes for one, and it passes for no other', async (t) => {
  const { tokens, claims, verifier, issueAccess, issueRefresh } = createTokens()
  const invalid = { code: 'UNAUTHENTICATED', reason: 'token_claims_invalid' }
  await t.rejects(tokens.verify(await issueAccess()), invalid)
  await t.rejects(tokens.verify(await issueRefresh()), invalid)
  const token = await tokens.issue(claims)
  await t.rejects(verifier.verifyAccess(token), invalid)
  await t.rejects(verifier.verifyRefresh(token), invalid)
})

await t.test('it expires, and what is wrong with it is refused', async (t) => {
  const { tokens, claims, craft, clock } = createTokens()
  await t.resolves(tokens.verify(craft({})))
  const reasons: [string, string][] = [
    [craft({ header: { typ: 'at+jwt' } }), 'token_claims_invalid'],
    [craft({ payload: { aud: AUDIENCE } }), 'token_claims_invalid'],
    [craft({ payload: { channel: 7 } }), 'token_claims_invalid'],
    [craft({ payload: { channel: undefined } }), 'token_claims_invalid'],
    [craft({ payload: { info: 7 } }), 'token_claims_invalid'],
    [craft({ payload: { info: 'x'.repeat(1_025) } }), 'token_claims_invalid'],
    [craft({ payload: { exp: 99_999_999_999 } }), 'token_claims_invalid'],
    [craft({ header: { kid: 'unknown' } }), 'token_key_unknown'],
    ['x.y.z', 'token_malformed'],
    ['', 'token_malformed'],
  ]
  for (const [token, reason] of reasons) {
    await t.rejects(tokens.verify(token), { code: 'UNAUTHENTICATED', reason }, reason)
  }
  const token = await tokens.issue(claims)
  clock.advance(600_000 + SKEW_SECONDS * 1000 + 1)
  await t.rejects(tokens.verify(token), { code: 'UNAUTHENTICATED', reason: 'token_expired' })
})
