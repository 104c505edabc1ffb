import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { AppError, toAppError } from '../../errors/app-error.js'
import type { Clock } from '../../domain/clock.js'
import type { SubscriptionTokens } from '../../domain/subscription-token.js'
import type { Namespaces } from '../../realtime/namespace.js'
import type { RealtimeService } from '../../service/realtime-service.js'
import { isRecord } from '../json-member.js'
import { memberText } from '../json-text.js'
import { ERROR_TABLE } from '../../errors/code.js'
import type { Logger } from '../../domain/logger.js'
import { replyErrorOf } from '../protocols/centrifuge/code.js'
import type { RequestGuard } from '../request-guard.js'
import { API_OPERATIONS } from './api-operations.js'

/** A body that is valid JSON, and its text. */
interface JsonBody {
  readonly value: unknown
  readonly text: string
}

/** The largest publication, written as JSON with room for a thousand channels. */
const BODY_BYTES_MAX = 1_048_576

export interface ApiRoutesDeps {
  readonly realtime: RealtimeService
  readonly namespaces: Namespaces
  readonly subscriptionTokens: SubscriptionTokens
  /** Raises when the request carries no valid API key. */
  readonly apiKeyGuard: RequestGuard
  readonly clock: Clock
  readonly logger: Logger
}

export interface ApiRoutesOptions {
  readonly subscriptionTokenSeconds: number
}

/**
 * `POST /api/<operation>` in the shape of Centrifugo's HTTP API (https://centrifugal.dev/docs/server/server_api): a JSON
 * object in, `{"result"}` or `{"error": {"code", "message"}}` out, both with status 200. A missing API key and a body
 * that is no JSON are problem documents.
 */
export function createApiRoutes(
  deps: ApiRoutesDeps,
  options: ApiRoutesOptions,
): FastifyPluginAsync {
  return async (fastify) => {
    keepBodyText(fastify)
    for (const [name, operation] of Object.entries(API_OPERATIONS)) {
      fastify.route({
        method: 'POST',
        url: `/api/${name}`,
        bodyLimit: BODY_BYTES_MAX,
        // Before the body is read: a caller without a key gets no work done.
        onRequest: deps.apiKeyGuard,
        handler: async (request, reply) => {
          reply.header('content-type', 'application/json; charset=utf-8').serializer(String)
          try {
            const { value, text } = (request.body ?? NO_BODY) as JsonBody
            const input = isRecord(value) ? value : {}
            const data = memberText(text, 'data')
            return `{"result":${await operation({ ...deps, ...options }, input, data)}}`
          } catch (thrown) {
            logFailure(deps.logger, name, thrown)
            const { code, message } = replyErrorOf(thrown)
            return JSON.stringify({ error: { code, message } })
          }
        },
      })
    }
  }
}

const NO_BODY: JsonBody = { value: null, text: '' }

/** Makes a body its value and its text: publications go out as they were written. */
function keepBodyText(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (!isUtf8(body)) {
        done(new AppError('INVALID_ARGUMENT', 'json_malformed', 'The body is not valid UTF-8.'))
        return
      }
      const text = body.toString()
      if (text === '') done(null, NO_BODY)
      else void parse(request, text, (error, value: unknown) => done(error, { value, text }))
    },
  )
}

function logFailure(logger: Logger, operation: string, thrown: unknown): void {
  const { code, reason, cause } = toAppError(thrown)
  const level = ERROR_TABLE[code].logLevel
  logger[level](
    { operation, code, reason, ...(cause === undefined ? {} : { err: cause }) },
    'api call failed',
  )
}
