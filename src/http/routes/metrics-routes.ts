import type { Registry } from 'prom-client'
import { createApiKeyGuard } from '../api-key.js'
import type { TypedServer } from '../fastify-types.js'
import { METRICS_SCHEMA } from '../schemas/operation-schema.js'

export interface MetricsRoutesDeps {
  readonly registry: Registry
  readonly apiKey: string
}

/** The metrics of the process, for who has the API key. */
export function registerMetricsRoutes(
  scope: TypedServer,
  { registry, apiKey }: MetricsRoutesDeps,
): void {
  scope.get(
    '/metrics',
    {
      schema: METRICS_SCHEMA,
      config: { operation: 'getMetrics', quiet: true },
      onRequest: createApiKeyGuard(apiKey, { acceptBearer: true }),
    },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  )
}
