import type { Clock } from '../domain/clock.js'
import type { Session } from '../domain/session.js'
import type { TokenIssuer, TokenVault } from '../domain/token.js'
import type { User } from '../domain/user.js'
import { randomId } from '../util/random-id.js'

/** A sign-in or a refresh, as the client gets it. */
export interface SignIn {
  readonly accessToken: string
  readonly refreshToken: string
  /** Life of the access token in seconds. */
  readonly expiresInSeconds: number
  /** Life of the refresh token in seconds. */
  readonly refreshExpiresInSeconds: number
  readonly sessionId: string
  readonly user: User
}

/** Two tokens that were issued together. Instants in milliseconds since the epoch. */
export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessExpiresAt: number
  readonly refreshExpiresAt: number
}

export interface IssuedPair {
  readonly pair: TokenPair
  /** What the store keeps of the refresh token. */
  readonly refreshHash: string
  /** The key that signed both. */
  readonly keyId: string
}

export interface TokenPairIssuerDeps {
  readonly tokenIssuer: TokenIssuer
  readonly tokenVault: TokenVault
  readonly clock: Clock
  readonly accessTokenSeconds: number
}

/** Makes token pairs, hides them in the store, and shows them to clients. */
export interface TokenPairIssuer {
  /** A fresh pair; neither token outlives the session. */
  issue(session: Session, user: User): Promise<IssuedPair>
  /** The pair, readable only with the refresh token it replaces. */
  seal(presentedToken: string, pair: TokenPair): string
  /** The very pair that was sealed. Raises INTERNAL when it was sealed under another token. */
  open(presentedToken: string, sealed: string): TokenPair
  /** What the client gets; the times that are left are those of now. */
  present(pair: TokenPair, session: Session, user: User): SignIn
}

export function createTokenPairIssuer(deps: TokenPairIssuerDeps): TokenPairIssuer {
  const { tokenIssuer, tokenVault, clock, accessTokenSeconds } = deps
  return {
    async issue(session, user) {
      const issuedAt = clock.now()
      const accessExpiresAt = Math.min(issuedAt + accessTokenSeconds * 1000, session.expiresAt)
      const refreshExpiresAt = session.expiresAt
      const refreshId = randomId()
      const common = { userId: user.id, sessionId: session.id, issuedAt }
      const { accessToken, refreshToken, keyId } = await tokenIssuer.issuePair(
        { ...common, tokenId: randomId(), role: user.role, expiresAt: accessExpiresAt },
        { ...common, tokenId: refreshId, expiresAt: refreshExpiresAt },
      )
      const pair = { accessToken, refreshToken, accessExpiresAt, refreshExpiresAt }
      return { pair, refreshHash: tokenVault.hashTokenId(refreshId), keyId }
    },
    seal: (presentedToken, pair) => tokenVault.seal(presentedToken, JSON.stringify(pair)),
    // Sealed and authenticated by `seal` above, so its shape needs no second look.
    open: (presentedToken, sealed) =>
      JSON.parse(tokenVault.open(presentedToken, sealed)) as TokenPair,
    present: (pair, session, user) => ({
      accessToken: pair.accessToken,
      refreshToken: pair.refreshToken,
      expiresInSeconds: secondsLeft(pair.accessExpiresAt, clock.now()),
      refreshExpiresInSeconds: secondsLeft(pair.refreshExpiresAt, clock.now()),
      sessionId: session.id,
      user,
    }),
  }
}

function secondsLeft(until: number, now: number): number {
  return Math.max(0, Math.floor((until - now) / 1000))
}
