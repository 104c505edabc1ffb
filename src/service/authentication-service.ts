import type { Principal } from '../domain/session.js'

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
