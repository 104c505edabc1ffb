import type { Readiness } from '../../domain/health.js'
import type { TypedServer } from '../fastify-types.js'
import { LIVE_SCHEMA, READY_SCHEMA } from '../schemas/operation-schema.js'

/** Whether this process runs, and whether it should get traffic. */
export function registerHealthRoutes(scope: TypedServer, readiness: Readiness): void {
  scope.get(
    '/health/live',
    { schema: LIVE_SCHEMA, config: { operation: 'checkLive', quiet: true } },
    () => ({ status: 'ok' as const }),
  )
  scope.get(
    '/health/ready',
    { schema: READY_SCHEMA, config: { operation: 'checkReady', quiet: true } },
    async (_request, reply) => {
      const { ready, parts } = await readiness.check()
      if (ready && readiness.isReady()) return { status: 'ok' as const, parts }
      return reply.code(503).send({ status: 'unavailable', parts })
    },
  )
}
