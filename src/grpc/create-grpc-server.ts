import {
  logVerbosity,
  Server,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { service as healthDefinition } from 'grpc-health-check'
import type { Registry } from 'prom-client'
import type { Readiness } from '../domain/health.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import type { ListenAddress } from '../errors/listen-error.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import type { HelloService } from '../service/hello-service.js'
import { createAdmission } from './admission.js'
import { createSayHelloHandler } from './handler/hello-handler.js'
import { createVerifyHandler } from './handler/session-handler.js'
import { createHealth, type Health, type HealthNeed } from './health.js'
import { createCallInterceptor, type FinishedCall } from './interceptor/call-interceptor.js'
import { listen, type Listener } from './listen.js'
import { withTolerantRequests } from './message.js'
import { createObserver } from './observer.js'
import { loadProtos } from './proto.js'
import { assertRequirements, REQUIREMENTS } from './requirement.js'
import { unary } from './unary.js'

export interface GrpcServerDeps {
  readonly authentication: AuthenticationService
  readonly hello: HelloService
  readonly readiness: Readiness
  readonly logger: Logger
  /** What sibling services show as `x-api-key`. */
  readonly apiKey: string
  /** Gets the metrics of the calls when given. */
  readonly registry?: Registry
}

export interface GrpcServerOptions {
  /** Largest message, in and out. */
  readonly messageBytesMax: number
  /** Largest metadata of one call, counted as HTTP/2 does; the transport itself stops at 64 KiB. */
  readonly metadataBytesMax?: number
  /** Calls that one connection may have open at once; more wait at the client. */
  readonly streamsPerConnectionMax?: number
  /** How long the handling of one call may take. */
  readonly callTimeoutMs?: number
  /** A connection is pinged after so long, and cut when no answer comes within `keepaliveTimeoutMs`. */
  readonly keepaliveIntervalMs?: number
  readonly keepaliveTimeoutMs?: number
  /** How often the readiness is asked while somebody watches the health. */
  readonly healthPollMs?: number
}

export interface GrpcServer {
  /**
   * Listens and answers with the real port. Raises FAILED_PRECONDITION naming host and port
   * (`address_in_use`, `address_unavailable`), naming methods that nobody guards (`requirement_missing`), or
   * at a second call (`already_started`).
   */
  start(address: ListenAddress): Promise<ListenAddress>
  /**
   * Health turns NOT_SERVING, no new call is taken, those under way may finish; at the deadline what is left
   * is cut. Never rejects; every call gets the same promise.
   */
  close(deadlineMs: number): Promise<void>
}

const DEFAULTS = {
  metadataBytesMax: 8_192,
  streamsPerConnectionMax: 100,
  callTimeoutMs: 30_000,
  keepaliveIntervalMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  healthPollMs: 1_000,
}

const HEALTH_SERVICES: ReadonlyMap<string, HealthNeed> = new Map<string, HealthNeed>([
  ['', 'stores'],
  ['hello.HelloService', 'process'],
  ['gatehouse.v1.SessionService', 'stores'],
])

type Limits = Required<GrpcServerOptions>

/** The gRPC service of the house: hello, session verification and health. */
export function createGrpcServer(deps: GrpcServerDeps, options: GrpcServerOptions): GrpcServer {
  const limits: Limits = { ...DEFAULTS, ...options }
  const observe = createObserver(deps)
  const health = createHealth(
    { readiness: deps.readiness, services: HEALTH_SERVICES },
    { pollMs: limits.healthPollMs, timeoutMs: limits.callTimeoutMs },
  )
  let starting: Promise<Running> | undefined
  let closing: Promise<void> | undefined

  async function open(address: ListenAddress): Promise<Running> {
    // Its own log would print metadata values it cannot read, an API key among them.
    setLogVerbosity(logVerbosity.NONE)
    const server = createServer(deps, limits, observe)
    try {
      addServices(server, servicesOf(deps, limits, health))
      return { server, listener: await listen(server, address) }
    } catch (thrown) {
      server.forceShutdown()
      throw thrown
    }
  }

  async function shutDown(deadlineMs: number): Promise<void> {
    health.close()
    const running = await starting?.catch(() => undefined)
    if (running) await drain(running, deadlineMs, deps.logger)
  }

  return {
    async start(address) {
      if (starting || closing) {
        throw new AppError('FAILED_PRECONDITION', 'already_started', 'A server starts once.')
      }
      starting = open(address)
      return (await starting).listener.address
    },
    close(deadlineMs) {
      closing ??= shutDown(deadlineMs)
      return closing
    },
  }
}

interface Running {
  readonly server: Server
  readonly listener: Listener
}

interface Registration {
  readonly definition: ServiceDefinition
  readonly handlers: UntypedServiceImplementation
}

function servicesOf(deps: GrpcServerDeps, limits: Limits, health: Health): Registration[] {
  const protos = loadProtos()
  const options = { timeoutMs: limits.callTimeoutMs }
  return [
    {
      definition: protos.hello,
      handlers: { SayHello: unary(createSayHelloHandler(deps), options) },
    },
    {
      definition: protos.session,
      handlers: { Verify: unary(createVerifyHandler(deps), options) },
    },
    { definition: healthDefinition, handlers: health.handlers },
  ]
}

function addServices(server: Server, services: readonly Registration[]): void {
  assertRequirements(
    services.map(({ definition }) => definition),
    REQUIREMENTS,
  )
  for (const { definition, handlers } of services) {
    server.addService(withTolerantRequests(definition), handlers)
  }
}

function createServer(
  deps: GrpcServerDeps,
  limits: Limits,
  observe: (call: FinishedCall) => void,
): Server {
  const admit = createAdmission({
    apiKey: deps.apiKey,
    requirements: REQUIREMENTS,
    metadataBytesMax: limits.metadataBytesMax,
  })
  // channelz stays on: without it grpc-js keeps no list of connections and cannot force a shutdown.
  return new Server({
    interceptors: [createCallInterceptor({ admit, observe })],
    'grpc.max_receive_message_length': limits.messageBytesMax,
    'grpc.max_send_message_length': limits.messageBytesMax,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc.keepalive_time_ms': limits.keepaliveIntervalMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
  })
}

/** Calls under way finish, or are cut at the deadline; then nothing of the server is left. */
async function drain(running: Running, deadlineMs: number, logger: Logger): Promise<void> {
  const { server, listener } = running
  listener.stop()
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      logger.warn({ deadlineMs }, 'gRPC calls were cut off at the deadline of the shutdown')
      server.forceShutdown()
      resolve()
    }, deadlineMs)
    // From Node 24 on the library reports the end before the calls under way are over.
    const shutDown = new Promise<void>((done) => server.tryShutdown(() => done()))
    void Promise.all([shutDown, listener.ended()]).then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
  await listener.destroy()
}
