import { Metadata } from '@grpc/grpc-js'
import { type AppError, INTERNAL_MESSAGE } from '../errors/app-error.js'
import { ERROR_TABLE } from '../errors/code.js'

/** A failed call as grpc-js sends it. */
export interface FailureStatus {
  readonly code: number
  readonly details: string
  readonly metadata: Metadata
}

/** The status of a failure by the error table, with the trailers `reason` and `request-id`. Never throws. */
export function toFailureStatus(error: AppError, requestId: string): FailureStatus {
  const metadata = new Metadata()
  metadata.set('reason', error.reason)
  metadata.set('request-id', requestId)
  return {
    code: ERROR_TABLE[error.code].grpcStatus,
    details: error.code === 'INTERNAL' ? INTERNAL_MESSAGE : wellFormed(error.message),
    metadata,
  }
}

/** grpc-js throws on a half surrogate pair, which a message may have got from what the peer sent. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}
