import type { AppError } from '../../../errors/app-error.js'
import { INTERNAL_MESSAGE, toAppError } from '../../../errors/app-error.js'
import { TOO_LARGE_REASON } from '../../../errors/code.js'
import type { CloseCause, CloseFrame } from '../../client-line.js'

/**
 * The numbers of the Centrifuge client protocol (https://centrifugal.dev/docs/server/codes), as far as this server
 * sends them.
 */

/** An error in the reply to a command. A temporary one may be tried again. */
export interface ReplyError {
  readonly code: number
  readonly message: string
  readonly temporary: boolean
}

/** Errors in replies. */
export const REPLY_ERRORS = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unauthorized: { code: 101, message: 'unauthorized', temporary: false },
  unknownChannel: { code: 102, message: 'unknown channel', temporary: false },
  permissionDenied: { code: 103, message: 'permission denied', temporary: false },
  methodNotFound: { code: 104, message: 'method not found', temporary: false },
  alreadySubscribed: { code: 105, message: 'already subscribed', temporary: false },
  limitExceeded: { code: 106, message: 'limit exceeded', temporary: false },
  badRequest: { code: 107, message: 'bad request', temporary: false },
  notAvailable: { code: 108, message: 'not available', temporary: false },
  tokenExpired: { code: 109, message: 'token expired', temporary: false },
  tooManyRequests: { code: 111, message: 'too many requests', temporary: true },
  unrecoverablePosition: { code: 112, message: 'unrecoverable position', temporary: false },
} as const satisfies Record<string, ReplyError>

/** Disconnects. A client comes back after 3000 to 3499 and 4000 to 4499, and stays away after the others. */
export const DISCONNECTS = {
  shutdown: { code: 3001, reason: 'shutdown' },
  serverError: { code: 3004, reason: 'internal server error' },
  expired: { code: 3005, reason: 'connection expired' },
  slow: { code: 3008, reason: 'slow' },
  insufficientState: { code: 3010, reason: 'insufficient state' },
  moved: { code: 3011, reason: 'force reconnect' },
  noPong: { code: 3012, reason: 'no pong' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  badRequest: { code: 3501, reason: 'bad request' },
  stale: { code: 3502, reason: 'stale' },
  forced: { code: 3503, reason: 'force disconnect' },
  connectionLimit: { code: 3504, reason: 'connection limit' },
  rateLimited: { code: 4429, reason: 'rate_limited' },
  /** The reason is that of the end of the session. */
  sessionEnded: { code: 4500, reason: 'session_ended' },
} as const satisfies Record<string, CloseFrame>

/** Unsubscribe pushes. A client subscribes again after 2500 and more. */
export const UNSUBSCRIBES = {
  server: { code: 2000, reason: 'server unsubscribe' },
  insufficientState: { code: 2500, reason: 'insufficient state' },
  expired: { code: 2501, reason: 'subscription expired' },
} as const satisfies Record<string, CloseFrame>

/** A command that cannot be carried out, with the error of its reply. */
export class ReplyFailure extends Error {
  override readonly name = 'ReplyFailure'
  readonly error: ReplyError

  constructor(error: ReplyError) {
    super(error.message)
    this.error = error
  }
}

/** The error of the reply for whatever a command failed with. The message of a bug is a constant. */
export function replyErrorOf(thrown: unknown): ReplyError {
  if (thrown instanceof ReplyFailure) return thrown.error
  const error = toAppError(thrown)
  const known = replyErrorOfApp(error)
  return error.message === INTERNAL_MESSAGE ? known : { ...known, message: error.message }
}

function replyErrorOfApp(error: AppError): ReplyError {
  switch (error.code) {
    case 'INVALID_ARGUMENT':
      return REPLY_ERRORS.badRequest
    case 'UNAUTHENTICATED':
      return error.reason === 'token_expired'
        ? REPLY_ERRORS.tokenExpired
        : REPLY_ERRORS.unauthorized
    case 'PERMISSION_DENIED':
      return REPLY_ERRORS.permissionDenied
    case 'NOT_FOUND':
      return REPLY_ERRORS.unknownChannel
    case 'ALREADY_EXISTS':
      return REPLY_ERRORS.alreadySubscribed
    case 'FAILED_PRECONDITION':
      return REPLY_ERRORS.notAvailable
    case 'RESOURCE_EXHAUSTED':
      return error.reason === TOO_LARGE_REASON
        ? REPLY_ERRORS.limitExceeded
        : REPLY_ERRORS.tooManyRequests
    case 'UNIMPLEMENTED':
      return REPLY_ERRORS.methodNotFound
    case 'ABORTED':
    case 'DEADLINE_EXCEEDED':
    case 'CANCELLED':
    case 'UNAVAILABLE':
    case 'INTERNAL':
      return REPLY_ERRORS.internal
  }
}

/** The disconnect for a cause. */
export function disconnectOf(cause: CloseCause): CloseFrame {
  switch (cause) {
    case 'slow':
      return DISCONNECTS.slow
    case 'idle':
      return DISCONNECTS.noPong
    case 'rate_limited':
      return DISCONNECTS.rateLimited
    case 'shutdown':
      return DISCONNECTS.shutdown
    default:
      return disconnectOfError(toAppError(cause))
  }
}

function disconnectOfError(error: AppError): CloseFrame {
  switch (error.code) {
    case 'INVALID_ARGUMENT':
    case 'FAILED_PRECONDITION':
      return DISCONNECTS.badRequest
    case 'UNAUTHENTICATED':
      return error.reason.startsWith('token_')
        ? DISCONNECTS.invalidToken
        : { code: DISCONNECTS.sessionEnded.code, reason: error.reason }
    case 'RESOURCE_EXHAUSTED':
      return { code: DISCONNECTS.rateLimited.code, reason: error.reason }
    case 'ALREADY_EXISTS':
    case 'NOT_FOUND':
    case 'PERMISSION_DENIED':
    case 'UNIMPLEMENTED':
      return DISCONNECTS.badRequest
    case 'ABORTED':
    case 'DEADLINE_EXCEEDED':
    case 'CANCELLED':
    case 'UNAVAILABLE':
    case 'INTERNAL':
      return DISCONNECTS.serverError
  }
}
