import type { Principal } from '../../domain/session.js'
import { AppError, invalidArgument } from '../../errors/app-error.js'
import type { AuthenticationService } from '../../service/authentication-service.js'
import type { SessionTerminator, TerminationTarget } from '../../service/session-terminator.js'
import type { EndRequest__Output } from '../generated/gatehouse/v1/EndRequest.js'
import type { EndResponse } from '../generated/gatehouse/v1/EndResponse.js'
import type { VerifyBatchRequest__Output } from '../generated/gatehouse/v1/VerifyBatchRequest.js'
import type { VerifyBatchResponse } from '../generated/gatehouse/v1/VerifyBatchResponse.js'
import type { VerifyRequest__Output } from '../generated/gatehouse/v1/VerifyRequest.js'
import type { VerifyResponse } from '../generated/gatehouse/v1/VerifyResponse.js'
import type { UnaryHandler } from '../unary.js'
import { toTimestamp } from './timestamp.js'

export const BATCH_TOKENS_MAX = 500
const ID_CHARS_MAX = 256

/**
 * `gatehouse.v1.SessionService/Verify`. A token that is not good is an answer; only a store that cannot be
 * asked fails the call.
 */
export function createVerifyHandler(deps: {
  authentication: AuthenticationService
}): UnaryHandler<VerifyRequest__Output, VerifyResponse> {
  return (request) => verdictOf(deps.authentication, request.accessToken)
}

/** `gatehouse.v1.SessionService/VerifyBatch`: the same for many, in their order; equal tokens are one question. */
export function createVerifyBatchHandler(deps: {
  authentication: AuthenticationService
}): UnaryHandler<VerifyBatchRequest__Output, VerifyBatchResponse> {
  return async ({ accessTokens }) => {
    if (accessTokens.length === 0 || accessTokens.length > BATCH_TOKENS_MAX) {
      throw wrongInput('access_tokens', `1 to ${BATCH_TOKENS_MAX} access tokens.`)
    }
    const asked = new Map<string, Promise<VerifyResponse>>()
    const verdicts = accessTokens.map((token) => {
      const verdict = asked.get(token) ?? verdictOf(deps.authentication, token)
      asked.set(token, verdict)
      return verdict
    })
    return { verdicts: await Promise.all(verdicts) }
  }
}

/** `gatehouse.v1.SessionService/End`, for a service or for the user whose token was shown. */
export function createEndHandler(deps: {
  sessionTerminator: SessionTerminator
}): UnaryHandler<EndRequest__Output, EndResponse> {
  const { sessionTerminator } = deps
  return async (request, { caller }) => {
    const target = targetOf(request)
    if (caller.kind === 'user' && request.reason !== '') {
      throw wrongInput('reason', 'Only a service gives a reason.')
    }
    const result =
      caller.kind === 'user'
        ? await sessionTerminator.endForUser(caller.principal, target)
        : await sessionTerminator.endForService(target, request.reason)
    return {
      ended: result.ended,
      connectionsClosed: result.connectionsClosed,
      processesAsked: result.processes.asked,
      processesAnswered: result.processes.answered,
    }
  }
}

function targetOf({ sessionId, userId }: EndRequest__Output): TerminationTarget {
  if (isId(sessionId) && userId === undefined) return { sessionId }
  if (isId(userId) && sessionId === undefined) return { userId }
  throw wrongInput('target', `A session_id or a user_id, 1 to ${ID_CHARS_MAX} characters.`)
}

function isId(value: string | undefined): value is string {
  return value !== undefined && value !== '' && value.length <= ID_CHARS_MAX
}

function wrongInput(path: string, message: string): AppError {
  return invalidArgument(message, [{ path, message }])
}

function verdictOf(
  authentication: AuthenticationService,
  accessToken: string,
): Promise<VerifyResponse> {
  return authentication.authenticate(accessToken).then(active, inactive)
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
