import { SignJWT } from 'jose/jwt/sign'
import type { TokenIssuer } from '../domain/token.js'
import { randomId } from '../util/random-id.js'
import type { KeyRing, RingKey } from './key-ring.js'
import { audienceOf, type CommonClaims, TOKEN_TYPES, type TokenKind } from './token-claims.js'

export interface TokenIssuerDeps {
  readonly keyRing: Pick<KeyRing, 'signer'>
  readonly issuer: string
  /** Of access tokens; refresh tokens get `<audience>/refresh`, tab tokens `<audience>/tab`. */
  readonly audience: string
}

/** Signs compact JWS tokens whose header is exactly `alg`, `kid` and `typ`. */
export function createTokenIssuer({ keyRing, issuer, audience }: TokenIssuerDeps): TokenIssuer {
  function issue(
    key: RingKey,
    kind: TokenKind,
    claims: CommonClaims,
    more: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const payload = {
      iss: issuer,
      aud: audienceOf(kind, audience),
      sub: claims.userId,
      sid: claims.sessionId,
      jti: claims.tokenId,
      iat: toSeconds(claims.issuedAt),
      exp: toSeconds(claims.expiresAt),
      ...more,
    }
    return new SignJWT(payload)
      .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: TOKEN_TYPES[kind] })
      .sign(key.privateKey)
  }

  return {
    async issuePair(access, refresh) {
      const key = await keyRing.signer()
      const [accessToken, refreshToken] = await Promise.all([
        issue(key, 'access', access, { role: access.role }),
        issue(key, 'refresh', refresh, {}),
      ])
      return { accessToken, refreshToken, keyId: key.id }
    },
    // The browser stands where the user does in the other kinds, the tab where the session does.
    async issueTab({ tabId, clientId, issuedAt, expiresAt }) {
      const common = { userId: clientId, sessionId: tabId, tokenId: randomId() }
      return issue(await keyRing.signer(), 'tab', { ...common, issuedAt, expiresAt }, {})
    },
  }
}

/** NumericDate (RFC 7519 §2), rounded down: never issued in the future, never a moment too long. */
function toSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}
