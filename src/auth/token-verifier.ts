import { type AppError, unauthenticated } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import { TOKEN_BYTES_MAX, type TokenVerifier } from '../domain/token.js'
import { parseCanonicalObject } from './canonical-json.js'
import { parseCompactToken } from './compact-token.js'
import { verifyBytes } from './key-algorithm.js'
import type { KeyRing } from './key-ring.js'
import { createSignatureCache, type SignatureCache, type SignedToken } from './signature-cache.js'
import {
  audienceOf,
  checkClaims,
  type ClaimRules,
  type CommonClaims,
  lastMomentOf,
  roleOf,
  TOKEN_TYPES,
  type TokenKind,
} from './token-claims.js'

export interface TokenVerifierDeps {
  readonly keyRing: Pick<KeyRing, 'find' | 'peek'>
  readonly clock: Clock
  readonly issuer: string
  /** Of access tokens; refresh tokens have `<audience>/refresh`, tab tokens `<audience>/tab`. */
  readonly audience: string
  readonly accessLifetimeSecondsMax: number
  readonly refreshLifetimeSecondsMax: number
  readonly tabLifetimeSecondsMax: number
  readonly clockSkewSeconds: number
  /** How many signatures that held are remembered. */
  readonly cacheEntriesMax: number
}

type Reason =
  | 'token_malformed'
  | 'token_key_unknown'
  | 'token_signature_invalid'
  | 'token_claims_invalid'
  | 'token_expired'

/** Constants: nothing of a token is ever quoted. */
const MESSAGES: Readonly<Record<Reason, string>> = {
  token_malformed: 'The token is malformed.',
  token_key_unknown: 'The token was not signed by a key of this service.',
  token_signature_invalid: 'The signature of the token does not hold.',
  token_claims_invalid: 'The token is not valid here.',
  token_expired: 'The token has expired.',
}

export function createTokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  const { clock, keyRing } = deps
  const cache = createSignatureCache(deps.cacheEntriesMax)
  const rules = {
    access: rulesOf('access', deps),
    refresh: rulesOf('refresh', deps),
    tab: rulesOf('tab', deps),
  }

  function checked(signed: SignedToken, kind: TokenKind, now = clock.now()): CommonClaims {
    if (signed.type !== TOKEN_TYPES[kind]) throw refused('token_claims_invalid')
    const result = checkClaims(signed.claims, rules[kind], now)
    if (!result.ok) throw refused(result.reason)
    return result.claims
  }

  return {
    async verifyAccess(token) {
      const known = fromCache(token, cache, keyRing, clock.now())
      const signed = known ?? (await verifySignature(token, keyRing))
      const claims = checked(signed, 'access')
      const role = roleOf(signed.claims)
      if (role === null) throw refused('token_claims_invalid')
      if (!known) {
        cache.set(token, signed, lastMomentOf(claims.expiresAt / 1000, rules.access) + 1)
      }
      const { userId, sessionId, tokenId, issuedAt, expiresAt } = claims
      return { userId, sessionId, tokenId, issuedAt, expiresAt, role, keyId: signed.key.id }
    },
    async verifyRefresh(token) {
      // Used once and then never again: remembering it would only push out what is used often.
      const signed = await verifySignature(token, keyRing)
      return { ...checked(signed, 'refresh'), keyId: signed.key.id }
    },
    async verifyTab(token) {
      const known = fromCache(token, cache, keyRing, clock.now())
      const signed = known ?? (await verifySignature(token, keyRing))
      const now = clock.now()
      const { exp } = signed.claims
      const isExpired = typeof exp === 'number' && now > lastMomentOf(exp, rules.tab)
      // An expired one is judged as of its last moment: every other check holds for it too.
      const judgedAt = isExpired ? lastMomentOf(exp, rules.tab) : now
      const claims = checked(signed, 'tab', judgedAt)
      if (!known && !isExpired) {
        cache.set(token, signed, lastMomentOf(claims.expiresAt / 1000, rules.tab) + 1)
      }
      const { userId: clientId, sessionId: tabId, issuedAt, expiresAt } = claims
      return { tabId, clientId, issuedAt, expiresAt, isExpired }
    },
  }
}

/** What was proved before, unless the key that proved it has left the ring since. */
function fromCache(
  token: string,
  cache: SignatureCache,
  keyRing: Pick<KeyRing, 'peek'>,
  now: number,
): SignedToken | null {
  if (token.length > TOKEN_BYTES_MAX) return null
  const signed = cache.get(token, now)
  if (!signed || keyRing.peek(signed.key.id) === signed.key) return signed
  cache.delete(token)
  return null
}

/**
 * The steps up to the signature. Raises UNAUTHENTICATED with `token_malformed`, `token_key_unknown` or
 * `token_signature_invalid`.
 */
export async function verifySignature(
  token: string,
  keyRing: Pick<KeyRing, 'find' | 'peek'>,
): Promise<SignedToken> {
  const parts = parseCompactToken(token)
  if (!parts) throw refused('token_malformed')
  const key = await keyRing.find(parts.keyId)
  if (!key) throw refused('token_key_unknown')
  // The algorithm belongs to the key; the header only repeats it.
  if (parts.algorithm !== key.algorithm) throw refused('token_signature_invalid')
  const holds = await verifyBytes(key.algorithm, key.publicKey, parts.signedBytes, parts.signature)
  if (!holds) throw refused('token_signature_invalid')
  // The key may have been retired while the signature was checked.
  if (keyRing.peek(key.id) !== key) throw refused('token_key_unknown')
  const claims = parseCanonicalObject(parts.payload)
  if (!claims) throw refused('token_malformed')
  return { key, type: parts.type, claims }
}

function rulesOf(kind: TokenKind, deps: TokenVerifierDeps): ClaimRules {
  return {
    issuer: deps.issuer,
    audience: audienceOf(kind, deps.audience),
    lifetimeSecondsMax: deps[`${kind}LifetimeSecondsMax`],
    clockSkewSeconds: deps.clockSkewSeconds,
  }
}

/** The refusal of a token, with a constant message for each reason. */
export function refused(reason: Reason): AppError {
  return unauthenticated(reason, MESSAGES[reason])
}
