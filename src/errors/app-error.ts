import type { ErrorCode } from './code.js'

/** What every wire says for INTERNAL; the real cause goes to the log with the request id. */
export const INTERNAL_MESSAGE = 'Something went wrong on our side.'

/** One thing wrong with one input: where (a path such as `body.username`) and what was expected. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

export interface AppErrorOptions {
  readonly details?: readonly ErrorDetail[]
  /** When a retry may succeed, in seconds (HTTP `Retry-After`). */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/**
 * A failure with a code of the closed set, a stable machine-readable reason in
 * `lower_snake_case` (for example `session_ended`) and a sentence for people.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly reason: string
  readonly details: readonly ErrorDetail[]
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, reason: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.reason = reason
    this.details = options.details ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Turns anything thrown into an AppError. What is not one already becomes INTERNAL with its cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  return new AppError('INTERNAL', 'internal', INTERNAL_MESSAGE, { cause: thrown })
}

/** An input that is not acceptable, with the offending places. */
export function invalidArgument(message: string, details: readonly ErrorDetail[] = []): AppError {
  return new AppError('INVALID_ARGUMENT', 'invalid_argument', message, { details })
}

/** The caller has no valid credentials; `reason` says which check failed. */
export function unauthenticated(reason: string, message: string): AppError {
  return new AppError('UNAUTHENTICATED', reason, message)
}
