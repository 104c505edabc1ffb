import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import { type Session, sessionOver, type SessionStore } from '../domain/session.js'
import type { RefreshClaims, TokenVault, TokenVerifier } from '../domain/token.js'
import type { User, UserRepository } from '../domain/user.js'
import type { SessionEnder } from './session-ender.js'
import { idleExpiryAfter } from './session-lifetime.js'
import type { SignIn, TokenPairIssuer } from './token-pair.js'

export interface RefreshDeps {
  readonly users: UserRepository
  readonly sessionStore: SessionStore
  readonly tokenVerifier: TokenVerifier
  readonly tokenVault: TokenVault
  readonly pairs: TokenPairIssuer
  readonly ender: SessionEnder
  readonly clock: Clock
  readonly refreshReplayWindowMs: number
  readonly idleSeconds: number
}

/**
 * Trades a refresh token for a new pair. Whatever was not issued here is refused before any look-up. The
 * session is read first for its times only: whether the token still counts is decided by the one atomic step
 * in the store.
 */
export async function refresh(
  deps: RefreshDeps,
  refreshToken: string,
  client: ClientContext,
): Promise<SignIn> {
  const claims = await deps.tokenVerifier.verifyRefresh(refreshToken)
  const session = await liveSession(deps, claims)
  const user = await activeUser(deps, session, client)
  const next = await deps.pairs.issue(session, user)
  const now = deps.clock.now()
  const result = await deps.sessionStore.rotate({
    sessionId: session.id,
    presentedHash: deps.tokenVault.hashTokenId(claims.tokenId),
    nextHash: next.refreshHash,
    nextKeyId: next.keyId,
    clientId: client.clientId,
    sealedPair: deps.pairs.seal(refreshToken, next.pair),
    now,
    idleExpiresAt: idleExpiryAfter(session, now, deps.idleSeconds),
    expiresAt: session.expiresAt,
    replayWindowMs: deps.refreshReplayWindowMs,
  })
  switch (result.outcome) {
    case 'rotated':
      return deps.pairs.present(next.pair, session, user)
    case 'replayed':
      return deps.pairs.present(deps.pairs.open(refreshToken, result.sealedPair), session, user)
    case 'reused':
      await deps.ender.announce([result.ended], { actorId: null, address: client.address })
      throw sessionOver(result.ended.reason)
    case 'over':
      throw sessionOver(result.reason)
  }
}

async function liveSession(deps: RefreshDeps, claims: RefreshClaims): Promise<Session> {
  const check = await deps.sessionStore.check(claims.sessionId, deps.clock.now())
  if (!check.alive) throw sessionOver(check.reason)
  if (check.session.userId !== claims.userId) throw sessionOver(null)
  return check.session
}

/** The user, if they may still sign in; otherwise all their sessions end here and now. */
async function activeUser(
  deps: RefreshDeps,
  session: Session,
  client: ClientContext,
): Promise<User> {
  const user = await deps.users.findById(session.userId)
  if (user?.state === 'active') return user
  const reason = user ? 'user_frozen' : 'user_deleted'
  const actor = { actorId: null, address: client.address }
  await deps.ender.end({ by: 'user', userId: session.userId }, reason, actor)
  throw sessionOver(reason)
}
