import { type AppError, unauthenticated } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import { sessionOver } from '../domain/session.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import type { Caller } from './caller.js'

/** The longest that a timer of Node can wait, in milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1

export interface StreamBindingDeps {
  readonly sessionHandles: SessionHandles
  readonly authentication: AuthenticationService
  readonly clock: Clock
}

/**
 * Ties a stream to the session of its user: it ends with UNAUTHENTICATED and the end reason the moment the
 * session is ended, and with `token_expired` when the access token runs out. A service's streams are free.
 * Raises as `authenticate` does when the session is over by the time it is tied.
 */
export function createStreamBinding(
  deps: StreamBindingDeps,
): (caller: Caller, end: (error: AppError) => void) => Promise<() => void> {
  return async (caller, end) => {
    if (caller.kind !== 'user') return () => undefined
    const { principal, accessToken } = caller
    const detach = deps.sessionHandles.attach(principal.sessionId, {
      end: ({ reason }) => {
        end(sessionOver(reason))
      },
    })
    const leftMs = Math.max(0, principal.tokenExpiresAt - deps.clock.now())
    const expiry = setTimeout(
      () => {
        end(unauthenticated('token_expired', 'The access token has expired.'))
      },
      Math.min(leftMs, TIMER_MS_MAX),
    ).unref()
    const release = (): void => {
      clearTimeout(expiry)
      detach()
    }
    try {
      // Asked again: an end that came before the handle was there found nothing to end.
      await deps.authentication.authenticate(accessToken)
      return release
    } catch (thrown) {
      release()
      throw thrown
    }
  }
}
