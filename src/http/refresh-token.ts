import { SESSION_END_REASONS } from '../domain/session.js'
import { AppError, toAppError, unauthenticated } from '../errors/app-error.js'

export interface RefreshTokenChoice {
  readonly token: string
  /** Whether it came by cookie, so that the cookies are to be renewed. */
  readonly fromCookie: boolean
}

const OVER_REASONS: ReadonlySet<string> = new Set([...SESSION_END_REASONS, 'session_not_found'])

/**
 * The refresh token of a request: that of the body, or that of the cookie.
 * Raises INVALID_ARGUMENT (`credentials_ambiguous`) when both came and differ, UNAUTHENTICATED
 * (`credentials_missing`) when neither came.
 */
export function chooseRefreshToken(
  fromBody: string | undefined,
  fromCookie: string | null,
): RefreshTokenChoice {
  if (fromBody !== undefined && fromCookie !== null && fromBody !== fromCookie) {
    throw new AppError(
      'INVALID_ARGUMENT',
      'credentials_ambiguous',
      'The refresh tokens of the body and of the cookie differ.',
    )
  }
  const token = fromCookie ?? fromBody
  if (token === undefined) {
    throw unauthenticated('credentials_missing', 'No refresh token was sent.')
  }
  return { token, fromCookie: fromCookie !== null }
}

/**
 * Whether a refusal says that the session itself is over. Only then are cookies of no use any more: a tab
 * that lost a race must not clear what the winner has just been given.
 */
export function isSessionOver(thrown: unknown): boolean {
  const error = toAppError(thrown)
  return error.code === 'UNAUTHENTICATED' && OVER_REASONS.has(error.reason)
}
