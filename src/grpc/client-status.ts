import type { ServiceError } from '@grpc/grpc-js'
import { AppError, INTERNAL_MESSAGE } from '../errors/app-error.js'
import { ERROR_TABLE, type ErrorCode } from '../errors/code.js'

const REASON_PATTERN = /^[a-z][a-z0-9_]{0,63}$/

/** What the caller is told; the text of the other process may speak of addresses, files or queries. */
const MESSAGES: Readonly<Record<ErrorCode, string>> = {
  INVALID_ARGUMENT: 'The gRPC service refused the input.',
  UNAUTHENTICATED: 'The gRPC service refused the credentials.',
  PERMISSION_DENIED: 'The gRPC service does not permit this.',
  NOT_FOUND: 'The gRPC service knows no such thing.',
  ALREADY_EXISTS: 'This exists already.',
  ABORTED: 'Something else came in between; try again.',
  FAILED_PRECONDITION: 'This is not possible at the moment.',
  RESOURCE_EXHAUSTED: 'The gRPC service is at its limit; try again later.',
  DEADLINE_EXCEEDED: 'The gRPC service did not answer in time.',
  CANCELLED: 'The call was cancelled.',
  UNIMPLEMENTED: 'The gRPC service does not offer this.',
  UNAVAILABLE: 'The gRPC service cannot be reached.',
  INTERNAL: INTERNAL_MESSAGE,
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(ERROR_TABLE) as ErrorCode[]).map((code) => [ERROR_TABLE[code].grpcStatus, code]),
)

/**
 * The AppError that a failed call stands for. The reason is the peer's own when it sent one, else
 * `grpc_` and the code; the message is the peer's only for INVALID_ARGUMENT, where it says what to correct.
 * A deadline that passes while no connection stands is UNAVAILABLE: nobody was there to be late.
 * A status outside the closed set becomes INTERNAL.
 */
export function fromServiceError(error: ServiceError, connected: boolean): AppError {
  const status = CODES.get(error.code) ?? 'INTERNAL'
  const code = status === 'DEADLINE_EXCEEDED' && !connected ? 'UNAVAILABLE' : status
  const message = code === 'INVALID_ARGUMENT' && error.details ? error.details : MESSAGES[code]
  return new AppError(code, reasonOf(error) ?? `grpc_${code.toLowerCase()}`, message, {
    cause: error,
  })
}

function reasonOf(error: ServiceError): string | undefined {
  const reason = error.metadata.get('reason')[0]
  return typeof reason === 'string' && REASON_PATTERN.test(reason) ? reason : undefined
}
