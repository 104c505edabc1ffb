import type { FastifyInstance } from 'fastify'
import { Counter, Histogram, type Registry } from 'prom-client'

const DURATION_NAME = 'http_request_duration_seconds'
const DROPPED_NAME = 'http_connections_dropped_total'
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** What every path that leads nowhere counts as, so that strangers cannot make up labels. */
const NO_ROUTE = 'none'

type DurationLabel = 'service' | 'method' | 'route' | 'status'

/**
 * Measures every answered request by route, method and status, and counts connections turned away over the
 * limit. Services that share a process share the registry.
 */
export function registerRequestMetrics(
  server: FastifyInstance,
  registry: Registry,
  service: string,
): void {
  const duration = durationHistogram(registry)
  const dropped = droppedCounter(registry)
  server.server.on('drop', () => {
    dropped.inc({ service })
  })
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url
    const labels = {
      service,
      method: route === undefined ? NO_ROUTE : request.method,
      route: route ?? NO_ROUTE,
      status: reply.statusCode,
    }
    duration.observe(labels, reply.elapsedTime / 1000)
    done()
  })
}

function durationHistogram(registry: Registry): Histogram<DurationLabel> {
  const known = registry.getSingleMetric(DURATION_NAME)
  if (known instanceof Histogram) return known
  return new Histogram({
    name: DURATION_NAME,
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['service', 'method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  })
}

function droppedCounter(registry: Registry): Counter<'service'> {
  const known = registry.getSingleMetric(DROPPED_NAME)
  if (known instanceof Counter) return known
  return new Counter({
    name: DROPPED_NAME,
    help: 'Connections turned away because there were too many.',
    labelNames: ['service'],
    registers: [registry],
  })
}
