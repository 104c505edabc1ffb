import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppError } from '../../errors/app-error.js'
import type { ErrorCode } from '../../errors/code.js'
import type { TokenInspectionService } from '../../service/token-inspection-service.js'
import { createClientCheck } from '../client-credentials.js'
import { mapHttpError } from '../error-mapping.js'
import type { TypedServer } from '../fastify-types.js'
import { registerFormBody } from '../form-body.js'
import { peerAddress } from '../peer-address.js'
import { problemHeaders, problemStatusOf } from '../problem.js'
import {
  INTROSPECT_SCHEMA,
  type OAuthErrorJson,
  REVOKE_SCHEMA,
  toIntrospectionJson,
} from '../schemas/oauth-schema.js'

export interface OAuthRoutesDeps {
  readonly tokenInspection: TokenInspectionService
}

export interface OAuthRoutesOptions {
  /** The services that may ask, each `name:secret`. */
  readonly clients: readonly string[]
  /** Claims `iss` and `aud` of access tokens. */
  readonly issuer: string
  readonly audience: string
}

/**
 * What other services ask about tokens, each with a name and a secret of its own: for a scope of its own, since
 * these routes alone read forms and refuse in the words of OAuth.
 */
export function registerOAuthRoutes(
  scope: TypedServer,
  { tokenInspection }: OAuthRoutesDeps,
  options: OAuthRoutesOptions,
): void {
  const checkClient = createClientCheck(options.clients)
  registerFormBody(scope)
  scope.setErrorHandler((thrown, request, reply) => sendOAuthError(thrown, request, reply))
  scope.addHook('preValidation', (request, _reply, done) => {
    checkClient(request.headers, request.body ?? {})
    done()
  })

  scope.post(
    '/oauth/introspect',
    { schema: INTROSPECT_SCHEMA, config: { operation: 'introspectToken' } },
    async (request) =>
      toIntrospectionJson(await tokenInspection.introspect(request.body.token), options),
  )
  scope.post(
    '/oauth/revoke',
    { schema: REVOKE_SCHEMA, config: { operation: 'revokeToken' } },
    async (request, reply) => {
      await tokenInspection.revoke(request.body.token, peerAddress(request))
      // The status says it all (RFC 7009 §2.2): no body, where JSON would say null.
      return reply.serializer(() => '').send(null)
    },
  )
}

const OAUTH_CODES: Partial<Record<ErrorCode, OAuthErrorJson['error']>> = {
  UNAUTHENTICATED: 'invalid_client',
  INTERNAL: 'server_error',
  UNAVAILABLE: 'temporarily_unavailable',
}

/** RFC 6749 §5.2, with our code and reason beside it. */
function sendOAuthError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = mapHttpError(thrown)
  request.failure = error
  const body: OAuthErrorJson = {
    error: OAUTH_CODES[error.code] ?? 'invalid_request',
    error_description: error.message,
    code: error.code,
    reason: error.reason,
    requestId: request.id,
  }
  void reply.code(problemStatusOf(error)).headers(headersOf(error)).send(JSON.stringify(body))
}

function headersOf(error: AppError): Record<string, string> {
  const headers = { ...problemHeaders(error), 'content-type': 'application/json; charset=utf-8' }
  return error.code === 'UNAUTHENTICATED'
    ? { ...headers, 'www-authenticate': 'Basic realm="gatehouse"' }
    : headers
}
