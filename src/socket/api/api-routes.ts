import type { FastifyPluginAsync } from 'fastify'
import { toAppError } from '../../errors/app-error.js'
import type { Clock } from '../../domain/clock.js'
import type { SubscriptionTokens } from '../../domain/subscription-token.js'
import type { Namespaces } from '../../realtime/namespace.js'
import type { RealtimeService } from '../../service/realtime-service.js'
import { isRecord } from '../json-member.js'
import { ERROR_TABLE } from '../../errors/code.js'
import type { Logger } from '../../domain/logger.js'
import { replyErrorOf } from '../protocols/centrifuge/code.js'
import type { RequestGuard } from '../request-guard.js'
import { API_OPERATIONS } from './api-operations.js'

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
            const input = isRecord(request.body) ? request.body : {}
            return `{"result":${await operation({ ...deps, ...options }, input)}}`
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

function logFailure(logger: Logger, operation: string, thrown: unknown): void {
  const { code, reason, cause } = toAppError(thrown)
  const level = ERROR_TABLE[code].logLevel
  logger[level](
    { operation, code, reason, ...(cause === undefined ? {} : { err: cause }) },
    'api call failed',
  )
}
