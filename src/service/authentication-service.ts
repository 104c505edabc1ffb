import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import { type Principal, type Session, sessionOver, type SessionStore } from '../domain/session.js'
import type { TokenVerifier } from '../domain/token.js'
import { idleExpiryAfter } from './session-lifetime.js'

/** A session is marked as seen at most this often: a write for every request would be the slowest part of it. */
const TOUCH_INTERVAL_MS = 60_000

/** The guards' shared core: from an access token to who is calling. */
export interface AuthenticationService {
  /**
   * Verifies the token, then asks the session store whether its session is alive (every call), and marks
   * the session as seen, at most once a minute.
   * Raises UNAUTHENTICATED with the verifier's reason (`token_malformed`, `token_expired`, …), or with the
   * end reason of the session (`ended_by_user`, `signed_in_elsewhere`, …, `session_not_found`).
   * Raises UNAVAILABLE when the store cannot be asked.
   */
  authenticate(accessToken: string): Promise<Principal>
}

export interface AuthenticationServiceDeps {
  readonly tokenVerifier: TokenVerifier
  readonly sessionStore: SessionStore
  readonly clock: Clock
  readonly logger: Logger
  /** The longest a remembered session may stay unused. */
  readonly idleSeconds: number
}

export function createAuthenticationService(
  deps: AuthenticationServiceDeps,
): AuthenticationService {
  const { tokenVerifier, sessionStore, clock, logger, idleSeconds } = deps
  /** Sessions that are being marked at this moment, so that a burst of requests writes once. */
  const touching = new Set<string>()

  function touch(session: Session, now: number): void {
    if (now - session.lastSeenAt < TOUCH_INTERVAL_MS || touching.has(session.id)) return
    touching.add(session.id)
    sessionStore
      .touch(session.id, now, idleExpiryAfter(session, now, idleSeconds))
      .catch((error: unknown) => {
        logger.warn({ err: error, sessionId: session.id }, 'cannot mark a session as seen')
      })
      .finally(() => touching.delete(session.id))
  }

  return {
    async authenticate(accessToken) {
      const claims = await tokenVerifier.verifyAccess(accessToken)
      const now = clock.now()
      const check = await sessionStore.check(claims.sessionId, now)
      if (!check.alive) throw sessionOver(check.reason)
      const { session } = check
      if (session.userId !== claims.userId) throw sessionOver(null)
      touch(session, now)
      return {
        userId: claims.userId,
        role: claims.role,
        sessionId: claims.sessionId,
        clientId: session.clientId,
        session,
        tokenExpiresAt: claims.expiresAt,
      }
    },
  }
}
