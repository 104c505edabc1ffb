/**
 * The closed set of failure codes: gRPC's canonical names
 * (https://grpc.io/docs/guides/status-codes/), each with its meaning on every wire.
 */

/** How one code appears on each transport, whether to retry, and how loudly to log it. */
export interface ErrorCodeEntry {
  /** HTTP status (RFC 9110). */
  readonly httpStatus: number
  /** GraphQL `extensions.code`. */
  readonly graphqlCode: string
  /** WebSocket close code (RFC 6455 §7.4) for a connection that cannot go on. */
  readonly closeCode: number
  /** gRPC status number. */
  readonly grpcStatus: number
  /** What a caller may do next. */
  readonly retry: 'no' | 'after-new-token' | 'later'
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

export const ERROR_TABLE = {
  INVALID_ARGUMENT: entry(400, 'BAD_USER_INPUT', 4400, 3, 'no', 'info'),
  UNAUTHENTICATED: entry(401, 'UNAUTHENTICATED', 4401, 16, 'after-new-token', 'info'),
  PERMISSION_DENIED: entry(403, 'FORBIDDEN', 4403, 7, 'no', 'info'),
  NOT_FOUND: entry(404, 'NOT_FOUND', 4404, 5, 'no', 'info'),
  ALREADY_EXISTS: entry(409, 'ALREADY_EXISTS', 4409, 6, 'no', 'info'),
  ABORTED: entry(409, 'CONFLICT', 4409, 10, 'later', 'info'),
  FAILED_PRECONDITION: entry(400, 'FAILED_PRECONDITION', 4400, 9, 'no', 'info'),
  RESOURCE_EXHAUSTED: entry(429, 'TOO_MANY_REQUESTS', 4429, 8, 'later', 'warn'),
  DEADLINE_EXCEEDED: entry(504, 'TIMEOUT', 4504, 4, 'later', 'warn'),
  CANCELLED: entry(499, 'CANCELLED', 1000, 1, 'no', 'debug'),
  UNIMPLEMENTED: entry(501, 'NOT_IMPLEMENTED', 4501, 12, 'no', 'warn'),
  UNAVAILABLE: entry(503, 'SERVICE_UNAVAILABLE', 1013, 14, 'later', 'error'),
  INTERNAL: entry(500, 'INTERNAL_SERVER_ERROR', 1011, 13, 'no', 'error'),
} as const satisfies Record<string, ErrorCodeEntry>

export type ErrorCode = keyof typeof ERROR_TABLE

/** The only two exceptions to the table: a body or frame over its size limit. */
export const TOO_LARGE_REASON = 'too_large'
const TOO_LARGE_HTTP_STATUS = 413
const TOO_LARGE_CLOSE_CODE = 1009

/** HTTP status of a failure. A size limit answers 413, everything else follows the table. */
export function httpStatusOf(error: { code: ErrorCode; reason: string }): number {
  return isTooLarge(error) ? TOO_LARGE_HTTP_STATUS : ERROR_TABLE[error.code].httpStatus
}

/** WebSocket close code of a failure. A size limit closes 1009, everything else follows the table. */
export function closeCodeOf(error: { code: ErrorCode; reason: string }): number {
  return isTooLarge(error) ? TOO_LARGE_CLOSE_CODE : ERROR_TABLE[error.code].closeCode
}

function isTooLarge(error: { code: ErrorCode; reason: string }): boolean {
  return error.code === 'RESOURCE_EXHAUSTED' && error.reason === TOO_LARGE_REASON
}

function entry(
  httpStatus: number,
  graphqlCode: string,
  closeCode: number,
  grpcStatus: number,
  retry: ErrorCodeEntry['retry'],
  logLevel: ErrorCodeEntry['logLevel'],
): ErrorCodeEntry {
  return { httpStatus, graphqlCode, closeCode, grpcStatus, retry, logLevel }
}
