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

    const access = await compactVerify(
      await issuer.issueAccess({ ...common, role: 'admin' }),
      publicKey,
    )
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

    const refresh = await compactVerify(await issuer.issueRefresh(common), publicKey)
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
