import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { AppError } from '../errors/app-error.js'

/** Stands for a request whose bytes are not the message that the method expects. */
const MALFORMED = Symbol('malformed message')

/**
 * The same service, but bytes that cannot be decoded reach the handler as a mark instead of failing in
 * grpc-js, which would blame the server (INTERNAL) and leave no line in the log. An answer of a unary method is
 * already in bytes when grpc-js gets it, for the same reason.
 */
export function withTolerantMessages(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries<MethodDefinition<unknown, unknown>>(service)
  return Object.fromEntries(methods.map(([name, method]) => [name, tolerant(method)]))
}

function tolerant(method: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> {
  const decode = method.requestDeserialize
  const requestDeserialize = (bytes: Buffer): unknown => {
    try {
      return decode(bytes)
    } catch {
      return MALFORMED
    }
  }
  if (method.requestStream || method.responseStream) return { ...method, requestDeserialize }
  return { ...method, requestDeserialize, responseSerialize: asIs }
}

function asIs(bytes: unknown): Buffer {
  return bytes as Buffer
}

/** Raises INVALID_ARGUMENT, reason `message_malformed`, when the bytes of the request could not be decoded. */
export function assertDecoded(request: unknown): void {
  if (request !== MALFORMED) return
  throw new AppError(
    'INVALID_ARGUMENT',
    'message_malformed',
    'The request is not a message that this method understands.',
  )
}
