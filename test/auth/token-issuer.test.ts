import t from 'tap'
import { compactVerify, importJWK } from 'jose'
import { createTokenIssuer } from '../../src/auth/token-issuer.js'
import { KEY_ALGORITHMS } from '../../src/domain/token.js'
import { createTestKey, createTestRing } from '../helpers/test-keys.js'

await t.test('issuer writes tokens that another implementation verifies', async (t) => {
  for (const algorithm of KEY_ALGORITHMS) {
    const key = createTestKey(algorithm)
    const issuer = createTokenIssuer({
      keyRing: createTestRing(key),
      issuer: 'https://gatehouse.test',
      audience: 'gatehouse',
    })
    const common = {
      userId: 'user-1',
      sessionId: 'session-1',
      tokenId: 'token-1',
      issuedAt: 1_700_000_000_999,
      expiresAt: 1_700_000_600_999,
    }
    const publicKey = await importJWK(key.publicKey.export({ format: 'jwk' }), algorithm)

    const pair = await issuer.issuePair({ ...common, role: 'admin' }, common)
    const access = await compactVerify(pair.accessToken, publicKey)
    t.strictSame(access.protectedHeader, { alg: algorithm, kid: key.id, typ: 'at+jwt' })
    t.strictSame(JSON.parse(Buffer.from(access.payload).toString()), {
      iss: 'https://gatehouse.test',
      aud: 'gatehouse',
      sub: 'user-1',
      sid: 'session-1',
      jti: 'token-1',
      iat: 1_700_000_000,
      exp: 1_700_000_600,
      role: 'admin',
    })

    const refresh = await compactVerify(pair.refreshToken, publicKey)
    t.strictSame(refresh.protectedHeader, { alg: algorithm, kid: key.id, typ: 'rt+jwt' })
    t.strictSame(JSON.parse(Buffer.from(refresh.payload).toString()), {
      iss: 'https://gatehouse.test',
      aud: 'gatehouse/refresh',
      sub: 'user-1',
      sid: 'session-1',
      jti: 'token-1',
      iat: 1_700_000_000,
      exp: 1_700_000_600,
    })
  }
})

await t.test('issuer signs both tokens of a pair with one key', async (t) => {
  const keys = [createTestKey('ES256'), createTestKey('EdDSA')]
  let asked = 0
  const keyRing = { signer: async () => keys[asked++ % 2] ?? createTestKey('ES256') }
  const issuer = createTokenIssuer({ keyRing, issuer: 'i', audience: 'a' })
  const claims = { userId: 'u', sessionId: 's', issuedAt: 0, expiresAt: 60_000 }
  for (const key of keys) {
    const pair = await issuer.issuePair(
      { ...claims, tokenId: 'a1', role: 'admin' },
      { ...claims, tokenId: 'r1' },
    )
    t.equal(pair.keyId, key.id)
    const publicKey = await importJWK(key.publicKey.export({ format: 'jwk' }), key.algorithm)
    const access = await compactVerify(pair.accessToken, publicKey)
    const refresh = await compactVerify(pair.refreshToken, publicKey)
    t.match(access.protectedHeader, { kid: key.id, typ: 'at+jwt' })
    t.match(refresh.protectedHeader, { kid: key.id, typ: 'rt+jwt' })
  }
})
