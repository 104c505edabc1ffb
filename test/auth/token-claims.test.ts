import t from 'tap'
import { audienceOf, checkClaims, lastMomentOf, roleOf } from '../../src/auth/token-claims.js'

const RULES = { issuer: 'i', audience: 'a', lifetimeSecondsMax: 60, clockSkewSeconds: 2 }
const CLAIMS = { iss: 'i', aud: 'a', sub: 'u', sid: 's', jti: 'j', iat: 100, exp: 160 }

await t.test('checkClaims turns seconds into milliseconds', async (t) => {
  t.strictSame(checkClaims(CLAIMS, RULES, 100_000), {
    ok: true,
    claims: { userId: 'u', sessionId: 's', tokenId: 'j', issuedAt: 100_000, expiresAt: 160_000 },
  })
})

await t.test('checkClaims tells an old token from a wrong one', async (t) => {
  t.strictSame(checkClaims(CLAIMS, RULES, 162_001), { ok: false, reason: 'token_expired' })
  const wrong = { ok: false, reason: 'token_claims_invalid' }
  t.strictSame(checkClaims({ ...CLAIMS, aud: 'b' }, RULES, 162_001), wrong)
  t.strictSame(checkClaims({}, RULES, 100_000), wrong)
})

await t.test('lastMomentOf allows the skew', async (t) => {
  t.equal(lastMomentOf(160, RULES), 162_000)
})

await t.test('audienceOf keeps refresh tokens apart', async (t) => {
  t.equal(audienceOf('access', 'house'), 'house')
  t.equal(audienceOf('refresh', 'house'), 'house/refresh')
})

await t.test('roleOf knows our roles only', async (t) => {
  t.equal(roleOf({ role: 'admin' }), 'admin')
  t.equal(roleOf({ role: 'Admin' }), null)
  t.equal(roleOf({}), null)
})
