import { toAppError } from '../errors/app-error.js'
import type { AccessClaims, RefreshClaims, TokenVerifier } from '../domain/token.js'
import type { User, UserRepository } from '../domain/user.js'
import type { AuthenticationService } from './authentication-service.js'
import type { SessionEnder } from './session-ender.js'

/** A token that is good at this moment. */
export interface Inspection {
  readonly claims: AccessClaims
  readonly user: User
}

/** What other services ask about tokens. */
export interface TokenInspectionService {
  /**
   * What an access token says, while its session is alive and its user may sign in; null for everything else,
   * whatever it is (RFC 7662 §2.2). A refresh token is nobody's business but ours, and so counts as not good.
   * Raises UNAVAILABLE when the store cannot be asked.
   */
  introspect(token: string): Promise<Inspection | null>
  /**
   * Ends the session of an access or refresh token with reason `token_revoked`; nothing happens when it is none
   * of ours or no longer good (RFC 7009 §2.2). Raises UNAVAILABLE when the store cannot be asked.
   */
  revoke(token: string, address: string): Promise<void>
}

export interface TokenInspectionServiceDeps {
  readonly authentication: AuthenticationService
  readonly tokenVerifier: TokenVerifier
  readonly users: UserRepository
  readonly ender: SessionEnder
}

export function createTokenInspectionService(
  deps: TokenInspectionServiceDeps,
): TokenInspectionService {
  const { authentication, tokenVerifier, users, ender } = deps
  return {
    async introspect(token) {
      const claims = await unlessRefused(async () => {
        await authentication.authenticate(token)
        return tokenVerifier.verifyAccess(token)
      })
      const user = claims && (await users.findById(claims.userId))
      return claims && user?.state === 'active' ? { claims, user } : null
    },
    async revoke(token, address) {
      const claims: AccessClaims | RefreshClaims | null =
        (await unlessRefused(() => tokenVerifier.verifyAccess(token))) ??
        (await unlessRefused(() => tokenVerifier.verifyRefresh(token)))
      if (!claims) return
      const { sessionId, userId } = claims
      const actor = { actorId: null, address }
      await ender.end({ by: 'session', sessionId, userId }, 'token_revoked', actor)
    },
  }
}

/** Null when the work says that a token is not good. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (thrown) {
    if (toAppError(thrown).code === 'UNAUTHENTICATED') return null
    throw thrown
  }
}
