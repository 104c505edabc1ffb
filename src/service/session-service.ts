import type { ClientContext } from '../domain/client.js'
import type { Principal, Session } from '../domain/session.js'
import type { User } from '../domain/user.js'

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

/** What ending sessions did, over all processes. */
export interface EndResult {
  readonly ended: number
  readonly connectionsClosed: number
  readonly processes: { readonly asked: number; readonly answered: number }
}

/** A session in the list of its owner. */
export interface SessionView extends Session {
  readonly current: boolean
  /** Open sockets and streams of the session over all processes. */
  readonly connections: number
}

export interface SessionService {
  /**
   * Signs in with username or e-mail and password. Unknown user, wrong password and an account that may not
   * sign in are one answer and one amount of work: UNAUTHENTICATED, reason `credentials_invalid`.
   * Raises RESOURCE_EXHAUSTED with `hashing_busy` or `session_limit`.
   */
  login(
    input: { login: string; password: string; remember: boolean },
    client: ClientContext,
  ): Promise<SignIn>
  /**
   * Rotates a refresh token. The previous token within the replay window and from the same client gets
   * the identical pair; any other use of an old token ends the session everywhere.
   * Raises UNAUTHENTICATED with the verifier's reason, `reuse_detected`, or the session's end reason.
   */
  refresh(refreshToken: string, client: ClientContext): Promise<SignIn>
  /** Ends the caller's own session with reason `logged_out`. */
  logout(principal: Principal): Promise<EndResult>
  /** Live sessions of the caller, newest first. */
  list(principal: Principal): Promise<readonly SessionView[]>
  /** Ends one session of the caller. Raises NOT_FOUND (`session_not_found`) when it is not theirs or not alive. */
  end(principal: Principal, sessionId: string): Promise<EndResult>
  /** Ends all sessions of the caller but the current one. */
  endOthers(principal: Principal): Promise<EndResult>
  /** Live sessions of any user, for the operator. Raises NOT_FOUND (`user_not_found`). */
  listForUser(userId: string): Promise<readonly SessionView[]>
  /** Ends one session, or all of a user, with reason `ended_by_admin`. Raises NOT_FOUND (`session_not_found`). */
  endAsAdmin(target: { sessionId: string } | { userId: string }): Promise<EndResult>
  /** The live session and its user, for `GET /me`. Raises as authenticate does. */
  current(principal: Principal): Promise<{ user: User; session: Session }>
}
