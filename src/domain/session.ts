import { type AppError, unauthenticated } from '../errors/app-error.js'
import type { UserRole } from './user.js'

/** Why a session is over; sent to the displaced side as the reason of its 401 and its close. */
export const SESSION_END_REASONS = [
  'logged_out',
  'ended_by_user',
  'ended_by_admin',
  'signed_in_elsewhere',
  'session_limit',
  'reuse_detected',
  'expired',
  'idle_timeout',
  'user_frozen',
  'user_deleted',
  'password_changed',
  'password_reset',
  'token_revoked',
  'key_burned',
] as const
export type SessionEndReason = (typeof SESSION_END_REASONS)[number]

/** How the user proved who they are: `password`, or `oauth:<provider>`. */
export type SignInMethod = 'password' | `oauth:${string}`

/** One sign-in of one user on one client. All instants are milliseconds since the epoch. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly clientId: string
  readonly method: SignInMethod
  readonly userAgent: string
  readonly address: string
  readonly createdAt: number
  readonly lastSeenAt: number
  /** Over when not seen until then; moves with each refresh and touch, never past `expiresAt`. */
  readonly idleExpiresAt: number
  /** Absolute end; never moves. */
  readonly expiresAt: number
}

/** A session as the store first sees it: with the hash of its first refresh token's id. */
export interface NewSession extends Session {
  readonly refreshHash: string
  /** The key that signed its tokens. */
  readonly keyId: string
}

export interface EndedSession {
  readonly id: string
  readonly userId: string
  readonly reason: SessionEndReason
}

/** How many sessions a user may have at once, and what gives way. */
export type SessionPolicy =
  | { readonly mode: 'single' }
  | { readonly mode: 'limit'; readonly limit: number; readonly onLimit: 'evict-oldest' | 'refuse' }
  | { readonly mode: 'unlimited' }

/** Which sessions to end. `userId` guards against ending somebody else's. */
export type SessionSelector =
  | { readonly by: 'session'; readonly sessionId: string; readonly userId?: string }
  | { readonly by: 'user'; readonly userId: string; readonly exceptSessionId?: string }
  | { readonly by: 'client'; readonly userId: string; readonly clientId: string }
  /** Those whose newest tokens were signed by this key. */
  | { readonly by: 'key'; readonly keyId: string }

export type SessionCheck =
  | { readonly alive: true; readonly session: Session }
  /** `reason` is null when the store has never heard of it, or has forgotten why it ended. */
  | { readonly alive: false; readonly reason: SessionEndReason | null }

export interface RotateRequest {
  readonly sessionId: string
  /** Hash of the id of the presented refresh token. */
  readonly presentedHash: string
  /** Hash of the id of the refresh token that takes its place. */
  readonly nextHash: string
  /** The key that signed the tokens that take their place. */
  readonly nextKeyId: string
  readonly clientId: string
  /** The new token pair, sealed under the presented token, for identical replay. Opaque to the store. */
  readonly sealedPair: string
  /** Becomes `lastSeenAt` when the token is rotated. */
  readonly now: number
  readonly idleExpiresAt: number
  /** The absolute end of the session. */
  readonly expiresAt: number
  /** How long after the rotation the previous token still gets the identical pair, in milliseconds. */
  readonly replayWindowMs: number
}

export type RotateOutcome =
  | { readonly outcome: 'rotated' }
  /** The previous token, in time and from the same client: give the same pair again. */
  | { readonly outcome: 'replayed'; readonly sealedPair: string }
  /** A token that was used before: the session has been ended in the same step. */
  | { readonly outcome: 'reused'; readonly ended: EndedSession }
  | { readonly outcome: 'over'; readonly reason: SessionEndReason | null }

/**
 * The truth about sessions: one that is not found is over. Every method raises UNAVAILABLE when the store
 * cannot be reached in time. Each method is one atomic step.
 */
export interface SessionStore {
  /**
   * Stores the session under the policy and answers with the sessions that had to give way (reason
   * `signed_in_elsewhere` under `single`, `session_limit` under `limit`).
   * Raises RESOURCE_EXHAUSTED with reason `session_limit` when the policy refuses; nothing is stored then.
   */
  create(session: NewSession, policy: SessionPolicy): Promise<readonly EndedSession[]>
  /**
   * Whether the session is alive at `now`; cheap enough for every request. An end that has returned, in any process,
   * is never missed; when the session was last seen may be a second old.
   */
  check(sessionId: string, now: number): Promise<SessionCheck>
  /** One atomic step of refresh-token rotation with reuse detection. */
  rotate(request: RotateRequest): Promise<RotateOutcome>
  /** Moves `lastSeenAt` and `idleExpiresAt` of a live session forward; never back; no-op when it is over. */
  touch(sessionId: string, seenAt: number, idleExpiresAt: number): Promise<void>
  /**
   * Ends the live sessions that match and answers with them; empty when there is none. One atomic step for the
   * sessions of one user; `by: 'key'` is one such step for each user.
   */
  end(
    selector: SessionSelector,
    reason: SessionEndReason,
    now: number,
  ): Promise<readonly EndedSession[]>
  /** Live sessions of a user, newest first, at most 1,000. */
  listByUser(userId: string, now: number): Promise<readonly Session[]>
  /** The same for several users at once, by user id; who has none is left out. */
  listByUsers(
    userIds: readonly string[],
    now: number,
  ): Promise<ReadonlyMap<string, readonly Session[]>>
  /** Of the given sessions, those that are over. The backstop for a lost end message. */
  findOver(sessionIds: readonly string[], now: number): Promise<readonly EndedSession[]>
  /**
   * Gives ends that may be missing in the log of ended sessions to `record`, a part at a time, and forgets them
   * when it resolves; passes its rejection on. A store that ends and logs in one step has none. Answers how
   * many. An end of the last seconds is left to whoever is about to write it down.
   */
  handOverEnds(
    now: number,
    record: (ended: readonly EndedSession[]) => Promise<void>,
  ): Promise<number>
  /** These sessions have changed elsewhere: what this process remembers of them is not used any more. */
  forget(sessionIds: readonly string[]): void
  /**
   * Removes sessions past their end and forgotten reasons, at most `limit`; answers how many. A store whose
   * entries expire by themselves has nothing to do and answers 0.
   */
  deleteExpired(now: number, limit: number): Promise<number>
}

/** Who is calling, proved by a live session. */
export interface Principal {
  readonly userId: string
  readonly role: UserRole
  readonly sessionId: string
  readonly clientId: string
  /** As it was when it was found alive; for showing it, not for asking whether it still is. */
  readonly session: Session
  /** When the access token that was shown expires, in milliseconds since the epoch. */
  readonly tokenExpiresAt: number
}

const END_MESSAGES: Readonly<Record<SessionEndReason, string>> = {
  logged_out: 'This session was signed out.',
  ended_by_user: 'This session was ended from another device.',
  ended_by_admin: 'This session was ended by an administrator.',
  signed_in_elsewhere: 'Signed in on another device.',
  session_limit: 'Signed in on too many devices; the oldest session gave way.',
  reuse_detected: 'A refresh token was used twice; the session was ended for safety.',
  expired: 'This session has reached its end; sign in again.',
  idle_timeout: 'This session was not used for too long; sign in again.',
  user_frozen: 'This account is frozen.',
  user_deleted: 'This account no longer exists.',
  password_changed: 'The password was changed; sign in again.',
  password_reset: 'The password was reset; sign in again.',
  token_revoked: 'Another service revoked the token; sign in again.',
  key_burned: 'The key that signed this session was withdrawn; sign in again.',
}

/**
 * The error that every transport gives for a session that is over: UNAUTHENTICATED with the end reason, or
 * `session_not_found` when none is known.
 */
export function sessionOver(reason: SessionEndReason | null): AppError {
  return reason === null
    ? unauthenticated('session_not_found', 'This session is over; sign in again.')
    : unauthenticated(reason, END_MESSAGES[reason])
}
