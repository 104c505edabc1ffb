import type { ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Readiness } from '../domain/health.js'
import { AppError, toAppError } from '../errors/app-error.js'
import { type CallRecord, callRecordOf } from './call-record.js'
import { assertDecoded } from './message.js'
import { toFailureStatus } from './server-status.js'
import { unary, type UnaryMethod } from './unary.js'

export type ServingStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'

/**
 * What a service needs to be of use: `process`, only that this process is up and not on its way out;
 * `stores`, also that every part behind it answers.
 */
export type HealthNeed = 'process' | 'stores'

interface HealthRequest {
  readonly service: string
}
interface HealthResponse {
  readonly status: ServingStatus
}
interface Watcher {
  readonly call: ServerWritableStream<HealthRequest, HealthResponse>
  readonly record: CallRecord
  last: ServingStatus | null
}

/** The service `grpc.health.v1.Health` (gRPC health checking protocol), fed by the readiness of the process. */
export interface Health {
  readonly methods: {
    readonly unary: Readonly<Record<string, UnaryMethod>>
    readonly streams: UntypedServiceImplementation
  }
  /** From now on nothing serves: every watcher is told, then its stream ends, so that it holds up no drain. */
  close(): void
}

export interface HealthDeps {
  readonly readiness: Readiness
  /** Service name → its need; the empty name is the process as a whole. */
  readonly services: ReadonlyMap<string, HealthNeed>
}

export interface HealthOptions {
  /** How often the readiness is asked while somebody watches, in milliseconds. */
  readonly pollMs: number
  /** How long one probe may take, in milliseconds. */
  readonly timeoutMs: number
}

export function createHealth(deps: HealthDeps, options: HealthOptions): Health {
  const watchers = new Set<Watcher>()
  const statuses = createStatusSource(deps)
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function tell(watcher: Watcher, known: ReadonlyMap<string, ServingStatus>): void {
    const status = known.get(watcher.call.request.service) ?? 'SERVICE_UNKNOWN'
    if (status === watcher.last) return
    watcher.last = status
    watcher.call.write({ status })
  }

  async function refresh(): Promise<void> {
    const known = await statuses.read()
    for (const watcher of watchers) tell(watcher, known)
  }

  function remove(watcher: Watcher): void {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  function fail(watcher: Watcher, error: AppError): void {
    watcher.record.error = error
    watcher.call.emit('error', toFailureStatus(error, watcher.record.requestId))
  }

  function watch(call: Watcher['call']): void {
    const watcher: Watcher = { call, record: callRecordOf(call.metadata), last: null }
    try {
      assertDecoded(call.request)
      if (closed) throw shuttingDown()
    } catch (thrown) {
      fail(watcher, toAppError(thrown))
      return
    }
    watchers.add(watcher)
    call.once('cancelled', () => {
      remove(watcher)
    })
    // The timer keeps no process alive: the open streams do that.
    timer ??= setInterval(() => void refresh(), options.pollMs).unref()
    void refresh()
  }

  return {
    methods: { unary: createProbes(statuses, options), streams: { Watch: watch } },
    close() {
      closed = true
      statuses.close()
      const known = statuses.down()
      for (const watcher of [...watchers]) {
        tell(watcher, known)
        remove(watcher)
        fail(watcher, shuttingDown())
      }
    },
  }
}

/** The methods that answer once. */
function createProbes(statuses: StatusSource, options: HealthOptions): Health['methods']['unary'] {
  return {
    Check: unary(async (request: HealthRequest): Promise<HealthResponse> => {
      const status = (await statuses.read()).get(request.service)
      if (status) return { status }
      throw new AppError('NOT_FOUND', 'service_unknown', 'There is no service of that name here.')
    }, options),
    List: unary(async () => {
      const known = [...(await statuses.read())]
      return { statuses: Object.fromEntries(known.map(([name, status]) => [name, { status }])) }
    }, options),
  }
}

function shuttingDown(): AppError {
  return new AppError('UNAVAILABLE', 'shutting_down', 'This process is shutting down.')
}

interface StatusSource {
  read(): Promise<ReadonlyMap<string, ServingStatus>>
  /** The statuses of a process that serves nothing. */
  down(): ReadonlyMap<string, ServingStatus>
  close(): void
}

/** Asks the readiness, one question at a time: however many probes wait, the stores hear one. */
function createStatusSource(deps: HealthDeps): StatusSource {
  let asking: Promise<boolean> | undefined
  let closed = false

  function storesReady(): Promise<boolean> {
    asking ??= deps.readiness.check().then(
      ({ ready }) => {
        asking = undefined
        return ready
      },
      () => {
        asking = undefined
        return false
      },
    )
    return asking
  }

  function statusesOf(serves: (need: HealthNeed) => boolean): ReadonlyMap<string, ServingStatus> {
    return new Map(
      [...deps.services].map(([name, need]) => [name, serves(need) ? 'SERVING' : 'NOT_SERVING']),
    )
  }

  const down = (): ReadonlyMap<string, ServingStatus> => statusesOf(() => false)
  return {
    async read() {
      if (closed || !deps.readiness.isReady()) return down()
      const stores = await storesReady()
      // The process may have begun to stop while the stores were asked.
      const up = (): boolean => !closed && deps.readiness.isReady()
      return statusesOf((need) => up() && (need === 'process' || stores))
    },
    down,
    close() {
      closed = true
    },
  }
}
