import type { User } from '../../domain/user.js'
import { toAppError } from '../../errors/app-error.js'
import type { SeenSession } from '../../realtime/tab-view.js'
import type { SessionService } from '../../service/session-service.js'
import type { OperationContext } from './operation-context.js'

/** The state of a tab, as the type `Auth` shows it. */
export interface AuthState {
  readonly clientId: string
  readonly authorized: boolean
  readonly method: string | null
  readonly user: User | null
  readonly reason: string | null
}

/**
 * Who is signed in at the asking tab: by its own token, or over a WebSocket by what the browser was told. Nobody is
 * no failure. Raises UNAVAILABLE when the stores cannot be asked.
 */
export async function readAuthState(
  sessions: Pick<SessionService, 'current'>,
  context: OperationContext,
): Promise<AuthState> {
  const { view } = context
  const { principal, failure } = context.caller()
  const seen: SeenSession | null = view ? view.seen() : principal
  if (view?.isOver()) return signedOut(context, view.endReason())
  if (!seen) return signedOut(context, failure?.reason ?? null)
  try {
    const { user, session } = await sessions.current(seen)
    return {
      clientId: context.tab.clientId,
      authorized: true,
      method: session.method,
      user,
      reason: null,
    }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code !== 'UNAUTHENTICATED') throw error
    return signedOut(context, error.reason)
  }
}

function signedOut({ tab }: OperationContext, reason: string | null): AuthState {
  return { clientId: tab.clientId, authorized: false, method: null, user: null, reason }
}
