import { type UserRole, USER_ROLES } from '../domain/user.js'

/** The kinds of token, told apart by `typ` in the header and by audience. */
export const TOKEN_TYPES = { access: 'at+jwt', refresh: 'rt+jwt', tab: 'tab+jwt' } as const
export type TokenKind = keyof typeof TOKEN_TYPES

/** User, session and token ids: short, and safe wherever they are used as a key. */
const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/

/** What a token of one kind must say. */
export interface ClaimRules {
  readonly issuer: string
  /** The single audience. */
  readonly audience: string
  /** From `iat` to `exp` at most, in seconds. */
  readonly lifetimeSecondsMax: number
  /** How far two clocks may be apart, in seconds. */
  readonly clockSkewSeconds: number
}

/** The claims that all kinds share. Instants in milliseconds since the epoch. */
export interface CommonClaims {
  readonly userId: string
  readonly sessionId: string
  readonly tokenId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

export type ClaimResult =
  | { readonly ok: true; readonly claims: CommonClaims }
  | { readonly ok: false; readonly reason: 'token_claims_invalid' | 'token_expired' }

const INVALID: ClaimResult = { ok: false, reason: 'token_claims_invalid' }
const EXPIRED: ClaimResult = { ok: false, reason: 'token_expired' }

/** The audience of a kind of token: refresh tokens are for the refresh route only, tab tokens open nothing. */
export function audienceOf(kind: TokenKind, audience: string): string {
  return kind === 'access' ? audience : `${audience}/${kind}`
}

/** Checks the claims of a token whose signature holds. `now` in milliseconds since the epoch. */
export function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  rules: ClaimRules,
  now: number,
): ClaimResult {
  const { iss, aud, sub, sid, jti, iat, exp, nbf } = claims
  if (iss !== rules.issuer || aud !== rules.audience) return INVALID
  if (!isId(sub) || !isId(sid) || !isId(jti) || !isSeconds(iat) || !isSeconds(exp)) return INVALID
  if (exp <= iat || exp - iat > rules.lifetimeSecondsMax) return INVALID
  const latest = now + rules.clockSkewSeconds * 1000
  if (iat * 1000 > latest) return INVALID
  if (nbf !== undefined && (!isSeconds(nbf) || nbf * 1000 > latest)) return INVALID
  if (now > lastMomentOf(exp, rules)) return EXPIRED
  // Written out: checked on every call, and spreading an object costs more than all the checks above.
  return {
    ok: true,
    claims: {
      userId: sub,
      sessionId: sid,
      tokenId: jti,
      issuedAt: iat * 1000,
      expiresAt: exp * 1000,
    },
  }
}

/** The last millisecond at which a token with this `exp` is accepted. */
export function lastMomentOf(exp: number, rules: Pick<ClaimRules, 'clockSkewSeconds'>): number {
  return (exp + rules.clockSkewSeconds) * 1000
}

/** The role claim; null when it is none of ours. */
export function roleOf(claims: Readonly<Record<string, unknown>>): UserRole | null {
  return USER_ROLES.find((role) => role === claims['role']) ?? null
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value)
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
