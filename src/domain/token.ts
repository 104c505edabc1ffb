import type { UserRole } from './user.js'

export const TOKEN_BYTES_MAX = 4096

export const KEY_ALGORITHMS = ['RS512', 'RS256', 'ES256', 'EdDSA'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** What a verified access token says (RFC 9068, `typ: at+jwt`). Instants in milliseconds since the epoch. */
export interface AccessClaims {
  readonly userId: string
  readonly sessionId: string
  readonly tokenId: string
  readonly role: UserRole
  readonly keyId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** What a verified refresh token says (`typ: rt+jwt`). Instants in milliseconds since the epoch. */
export interface RefreshClaims {
  readonly userId: string
  readonly sessionId: string
  readonly tokenId: string
  readonly keyId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

export type NewAccessClaims = Omit<AccessClaims, 'keyId'>
export type NewRefreshClaims = Omit<RefreshClaims, 'keyId'>

/** Two tokens of one session, signed by one key. */
export interface SignedPair {
  readonly accessToken: string
  readonly refreshToken: string
  readonly keyId: string
}

/**
 * What a verified tab token says (`typ: tab+jwt`): which open tab of which browser. Not who is signed in there.
 * Instants in milliseconds since the epoch.
 */
export interface TabClaims {
  readonly tabId: string
  /** The only browser or device that may use it. */
  readonly clientId: string
  readonly issuedAt: number
  readonly expiresAt: number
  /** Genuine but past its end: good for finding the tab again, and to be renewed. */
  readonly isExpired: boolean
}

export type NewTabClaims = Omit<TabClaims, 'isExpired'>

export interface TokenIssuer {
  /** Both tokens of a session, by the key that signs now. */
  issuePair(access: NewAccessClaims, refresh: NewRefreshClaims): Promise<SignedPair>
  /** A signed tab token, by the key that signs now. */
  issueTab(claims: NewTabClaims): Promise<string>
}

/**
 * The one strict verifier of tokens. The methods raise UNAUTHENTICATED with reason `token_malformed`,
 * `token_key_unknown`, `token_signature_invalid`, `token_claims_invalid` or `token_expired`, and read no
 * claim before the signature holds. They do not ask whether the session is alive.
 */
export interface TokenVerifier {
  verifyAccess(token: string): Promise<AccessClaims>
  verifyRefresh(token: string): Promise<RefreshClaims>
  /** Like the others, but an expired token that is genuine otherwise is no failure. */
  verifyTab(token: string): Promise<TabClaims>
}

/** A JSON Web Key Set (RFC 7517 §5) with public members only. */
export interface PublicKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

export interface PublicKeySource {
  /** The keys that verify at this moment, and those that will sign soon. */
  publicKeySet(): PublicKeySet
}

/** One key pair of the ring as an operator sees it. Instants in milliseconds since the epoch. */
export interface KeyInfo {
  readonly id: string
  readonly algorithm: KeyAlgorithm
  /** `next`: published, does not sign yet; `current`: signs; `previous`: only verifies. */
  readonly status: 'next' | 'current' | 'previous'
  readonly createdAt: number
  /** When it begins (or began) to sign; null when no rotation is planned. */
  readonly signsFrom: number | null
}

export interface KeyAdmin {
  list(): Promise<readonly KeyInfo[]>
  /** Makes a key that is published and verifies but does not sign. */
  generate(algorithm: KeyAlgorithm): Promise<KeyInfo>
  /**
   * Lets a key sign from `signsFrom` on: the one named, else the newest that never signed, else a fresh one
   * of `algorithm`. Raises NOT_FOUND with reason `key_not_found`.
   */
  rotate(options: { keyId?: string; algorithm: KeyAlgorithm; signsFrom: number }): Promise<KeyInfo>
  /**
   * Removes a key: its tokens are refused from now on. Raises NOT_FOUND (`key_not_found`), and
   * FAILED_PRECONDITION (`key_in_use`) for the key that signs.
   */
  retire(keyId: string): Promise<KeyInfo>
  /**
   * Removes a key that is no longer to be trusted, also one that signs: another one then signs at once, which is
   * made when there is none. `algorithm` is that of a key made here. Raises NOT_FOUND (`key_not_found`).
   */
  burn(keyId: string, algorithm: KeyAlgorithm): Promise<KeyInfo>
}

/** The keys of this process, as far as they can be taken out at once. */
export interface KeyDropper {
  /** Refuses the tokens of these keys from now on; how many of them were known. Never raises. */
  drop(keyIds: readonly string[]): number
}

/** Derives what is stored of a token, and seals a token pair under another token. */
export interface TokenVault {
  /** SHA-256 of a token id, base64url. */
  hashTokenId(tokenId: string): string
  /** Encrypts `plaintext` so that only who holds `token` can read it (HKDF-SHA-256, AES-256-GCM). */
  seal(token: string, plaintext: string): string
  /** The plaintext; raises INTERNAL when it was not sealed under this token. */
  open(token: string, sealed: string): string
}
