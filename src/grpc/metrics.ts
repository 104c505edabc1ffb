import { Counter, Histogram, type Registry } from 'prom-client'

const MS_PER_SECOND = 1_000
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface CallMetrics {
  /** Counts one call that is over. `path` is `/package.Service/Method`, `status` the name of the code. */
  record(path: string, status: string, latencyMs: number): void
}

/** Registers the metrics under the names that the field's gRPC dashboards expect. */
export function createCallMetrics(registry: Registry): CallMetrics {
  const handled = new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls that are over, by method and status.',
    labelNames: ['grpc_service', 'grpc_method', 'grpc_code'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'grpc_server_handling_seconds',
    help: 'Time from the arrival of a call to its status.',
    labelNames: ['grpc_service', 'grpc_method'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  })
  return {
    record(path, status, latencyMs) {
      const [, service = '', method = ''] = path.split('/')
      handled.inc({ grpc_service: service, grpc_method: method, grpc_code: status })
      seconds.observe({ grpc_service: service, grpc_method: method }, latencyMs / MS_PER_SECOND)
    },
  }
}
