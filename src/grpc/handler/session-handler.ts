import type { Principal } from '../../domain/session.js'
import { AppError } from '../../errors/app-error.js'
import type { AuthenticationService } from '../../service/authentication-service.js'
import type { VerifyRequest__Output } from '../generated/gatehouse/v1/VerifyRequest.js'
import type { VerifyResponse } from '../generated/gatehouse/v1/VerifyResponse.js'
import type { Timestamp } from '../generated/google/protobuf/Timestamp.js'
import type { UnaryHandler } from '../unary.js'

const MS_PER_SECOND = 1_000
const NANOS_PER_MS = 1_000_000

/**
 * `gatehouse.v1.SessionService/Verify`. A token that is not good is an answer; only a store that cannot be
 * asked fails the call.
 */
export function createVerifyHandler(deps: {
  authentication: AuthenticationService
}): UnaryHandler<VerifyRequest__Output, VerifyResponse> {
  return (request) => deps.authentication.authenticate(request.accessToken).then(active, inactive)
}

function active(principal: Principal): VerifyResponse {
  const { userId, role, sessionId, clientId } = principal
  return {
    active: true,
    principal: { userId, role, sessionId, clientId },
    expiresAt: toTimestamp(principal.tokenExpiresAt),
  }
}

function inactive(thrown: unknown): VerifyResponse {
  if (!(thrown instanceof AppError) || thrown.code !== 'UNAUTHENTICATED') throw thrown
  return { active: false, reason: thrown.reason, message: thrown.message }
}

function toTimestamp(ms: number): Timestamp {
  const seconds = Math.floor(ms / MS_PER_SECOND)
  return { seconds, nanos: Math.round((ms - seconds * MS_PER_SECOND) * NANOS_PER_MS) }
}
