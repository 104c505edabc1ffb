import { SignJWT } from 'jose/jwt/sign'
import type { Clock } from '../domain/clock.js'
import type { SubscriptionClaims, SubscriptionTokens } from '../domain/subscription-token.js'
import { randomId } from '../util/random-id.js'
import type { KeyRing } from './key-ring.js'
import { checkClaims, type ClaimRules } from './token-claims.js'
import { refused, verifySignature } from './token-verifier.js'

/** The type in the header, by which no other token of the house can pass for one. */
const SUBSCRIPTION_TOKEN_TYPE = 'st+jwt'
/** Stands for the session in the check of the common claims when the token is good for any. */
const ANY_SESSION = 'any'
const INFO_CHARS_MAX = 1_024
const SECOND_MS = 1_000

export interface SubscriptionTokensDeps {
  readonly keyRing: Pick<KeyRing, 'signingKey' | 'find' | 'peek'>
  readonly clock: Clock
  readonly issuer: string
  /** Of access tokens; subscription tokens get `<audience>/subscribe`. */
  readonly audience: string
  readonly lifetimeSecondsMax: number
  readonly clockSkewSeconds: number
}

/** Issues and verifies the tokens that open one channel to one user. */
export function createSubscriptionTokens(deps: SubscriptionTokensDeps): SubscriptionTokens {
  const { keyRing, clock, issuer } = deps
  const rules: ClaimRules = {
    issuer,
    audience: `${deps.audience}/subscribe`,
    lifetimeSecondsMax: deps.lifetimeSecondsMax,
    clockSkewSeconds: deps.clockSkewSeconds,
  }
  return {
    async issue({ userId, sessionId, channel, info, expiresAt }) {
      const key = keyRing.signingKey()
      const payload = {
        iss: issuer,
        aud: rules.audience,
        sub: userId,
        ...(sessionId === null ? {} : { sid: sessionId }),
        jti: randomId(),
        iat: Math.floor(clock.now() / SECOND_MS),
        exp: Math.floor(expiresAt / SECOND_MS),
        channel,
        ...(info === null ? {} : { info }),
      }
      return new SignJWT(payload)
        .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: SUBSCRIPTION_TOKEN_TYPE })
        .sign(key.privateKey)
    },
    async verify(token) {
      const signed = await verifySignature(token, keyRing)
      if (signed.type !== SUBSCRIPTION_TOKEN_TYPE) throw refused('token_claims_invalid')
      const result = checkClaims({ sid: ANY_SESSION, ...signed.claims }, rules, clock.now())
      if (!result.ok) throw refused(result.reason)
      const own = ownClaims(signed.claims)
      if (own === null) throw refused('token_claims_invalid')
      const { userId, sessionId, expiresAt } = result.claims
      return { userId, sessionId: 'sid' in signed.claims ? sessionId : null, expiresAt, ...own }
    },
  }
}

function ownClaims(
  claims: Readonly<Record<string, unknown>>,
): Pick<SubscriptionClaims, 'channel' | 'info'> | null {
  const { channel, info = null } = claims
  if (typeof channel !== 'string' || (info !== null && typeof info !== 'string')) return null
  if (info !== null && info.length > INFO_CHARS_MAX) return null
  return { channel, info }
}
