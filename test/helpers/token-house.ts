import type { Test } from 'tap'
import type { RingKey } from '../../src/auth/key-ring.js'
import { createTokenIssuer } from '../../src/auth/token-issuer.js'
import { createTokenVerifier } from '../../src/auth/token-verifier.js'
import type { NewAccessClaims, TokenVerifier } from '../../src/domain/token.js'
import { createFakeClock } from './fake-clock.js'
import { issueAccess, issueRefresh } from './issue-token.js'
import { createTestKey, createTestRing, encode, signParts } from './test-keys.js'

export const ISSUER = 'https://gatehouse.test'
export const AUDIENCE = 'gatehouse'
export const SKEW_SECONDS = 5
export const ACCESS_SECONDS = 600
export const REFRESH_SECONDS = 86_400
export const TAB_SECONDS = 3600

/** The key that signs crafted tokens. */
export const es256 = createTestKey('ES256')

/** An issuer and a verifier over the same ring, and a way to sign whatever is wrong. */
export function createTokenHouse(...keys: RingKey[]) {
  const clock = createFakeClock()
  const ring = createTestRing(...(keys.length > 0 ? keys : [es256]))
  const settings = { keyRing: ring, clock, issuer: ISSUER, audience: AUDIENCE }
  const verifier = createTokenVerifier({
    ...settings,
    accessLifetimeSecondsMax: ACCESS_SECONDS,
    refreshLifetimeSecondsMax: REFRESH_SECONDS,
    tabLifetimeSecondsMax: TAB_SECONDS,
    clockSkewSeconds: SKEW_SECONDS,
    cacheEntriesMax: 100,
  })
  const issuer = createTokenIssuer(settings)
  const now = Math.floor(clock.now() / 1000)
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'user-1',
    sid: 'session-1',
    jti: 'token-1',
    iat: now,
    exp: now + ACCESS_SECONDS,
    role: 'user',
  }
  /** A token signed by the ES256 key, with these parts in place of the right ones. */
  function craft(change: { header?: object | string; payload?: object | string }): string {
    const header = change.header ?? { alg: 'ES256', kid: es256.id, typ: 'at+jwt' }
    const payload = change.payload ?? claims
    const text = (part: object | string) => (typeof part === 'string' ? part : JSON.stringify(part))
    return signParts('ES256', es256.privateKey, encode(text(header)), encode(text(payload)))
  }
  const issueOwnAccess = (change: Partial<NewAccessClaims> = {}) =>
    issueAccess(issuer, {
      userId: 'user-1',
      sessionId: 'session-1',
      tokenId: 'token-1',
      role: 'admin',
      issuedAt: clock.now(),
      expiresAt: clock.now() + ACCESS_SECONDS * 1000,
      ...change,
    })
  const issueOwnRefresh = () =>
    issueRefresh(issuer, {
      userId: 'user-1',
      sessionId: 'session-1',
      tokenId: 'token-2',
      issuedAt: clock.now(),
      expiresAt: clock.now() + REFRESH_SECONDS * 1000,
    })
  return {
    ...{ clock, ring, verifier, issuer, claims, craft },
    ...{ issueAccess: issueOwnAccess, issueRefresh: issueOwnRefresh },
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  token_malformed: 'The token is malformed.',
  token_key_unknown: 'The token was not signed by a key of this service.',
  token_signature_invalid: 'The signature of the token does not hold.',
  token_claims_invalid: 'The token is not valid here.',
  token_expired: 'The token has expired.',
}

/** Refused with this reason and its constant message, the first time and again. */
export async function refuses(
  t: Test,
  verifier: TokenVerifier,
  token: string,
  reason: string,
  what: string,
): Promise<void> {
  const expected = { code: 'UNAUTHENTICATED', reason, message: MESSAGES[reason] }
  await t.rejects(verifier.verifyAccess(token), expected, what)
  await t.rejects(verifier.verifyAccess(token), expected, `${what}, again`)
}
