import { Counter, Histogram, type Registry } from 'prom-client'

const MS_PER_SECOND = 1_000
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface CallMetrics {
  /** Counts one call that is over. `path` is `/package.Service/Method`, `status` the name of the code. */
  record(path: string, status: string, latencyMs: number): void
}

/** One method, with its labels looked up once: they cost more than the counting itself. */
interface MethodMetrics {
  readonly labels: { readonly grpc_service: string; readonly grpc_method: string }
  /** By status: how many since somebody looked. */
  readonly calls: Map<string, number>
  readonly observeSeconds: (value: number) => void
}

/** Registers the metrics under the names that the field's gRPC dashboards expect. */
export function createCallMetrics(registry: Registry): CallMetrics {
  const methods = new Map<string, MethodMetrics>()
  new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls that are over, by method and status.',
    labelNames: ['grpc_service', 'grpc_method', 'grpc_code'],
    registers: [registry],
    collect() {
      for (const { labels, calls } of methods.values()) {
        for (const [status, count] of calls) this.inc({ ...labels, grpc_code: status }, count)
        calls.clear()
      }
    },
  })
  const seconds = new Histogram({
    name: 'grpc_server_handling_seconds',
    help: 'Time from the arrival of a call to its status.',
    labelNames: ['grpc_service', 'grpc_method'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  })

  function metricsOf(path: string): MethodMetrics {
    const known = methods.get(path)
    if (known) return known
    const [, service = '', method = ''] = path.split('/')
    const labels = { grpc_service: service, grpc_method: method }
    const child = seconds.labels(labels)
    const made: MethodMetrics = {
      labels,
      calls: new Map(),
      observeSeconds: (value) => {
        child.observe(value)
      },
    }
    methods.set(path, made)
    return made
  }

  return {
    record(path, status, latencyMs) {
      const { calls, observeSeconds } = metricsOf(path)
      calls.set(status, (calls.get(status) ?? 0) + 1)
      observeSeconds(latencyMs / MS_PER_SECOND)
    },
  }
}
