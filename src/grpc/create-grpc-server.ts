import { logVerbosity, Server, setLogVerbosity } from '@grpc/grpc-js'
import type { Registry } from 'prom-client'
import type { Clock } from '../domain/clock.js'
import type { Readiness } from '../domain/health.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import type { ListenAddress } from '../errors/listen-error.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import { createAdmission } from './admission.js'
import { createHealth, type Health, type HealthNeed } from './health.js'
import { createCallInterceptor } from './interceptor/call-interceptor.js'
import type { FinishedCall } from './interceptor/guarded-call.js'
import type { UnaryRoute } from './interceptor/unary-call.js'
import { listen, type Listener, type ListenOptions } from './listen.js'
import { withTolerantMessages } from './message.js'
import { createObserver } from './observer.js'
import type { IdentitySource } from './peer-identity.js'
import { assertRequirements, REQUIREMENTS } from './requirement.js'
import {
  type GrpcServices,
  healthRegistration,
  houseRegistrations,
  reflectionRegistrations,
  type Registration,
} from './services.js'
import { createStreamBinding } from './stream-binding.js'
import { createStreamGate } from './stream-gate.js'
import { openTlsSource, type TlsFiles, type TlsSource } from './tls/tls-source.js'

export interface GrpcServerDeps extends GrpcServices {
  /** What is open in this process because of a session: a user's streams among it. */
  readonly sessionHandles: SessionHandles
  readonly readiness: Readiness
  readonly clock: Clock
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
  /** Open connections at once. */
  readonly connectionsMax?: number
  /** Calls that one connection may have open at once; more wait at the client. */
  readonly streamsPerConnectionMax?: number
  /** Streams that one address may have open at once, over all its connections. */
  readonly streamsPerPeerMax?: number
  /** How long the handling of one call may take. */
  readonly callTimeoutMs?: number
  /** How long the reader of a stream may take to accept one message. */
  readonly lagTimeoutMs?: number
  /** A connection is pinged after so long, and cut when no answer comes within `keepaliveTimeoutMs`. */
  readonly keepaliveIntervalMs?: number
  readonly keepaliveTimeoutMs?: number
  /** How often the readiness is asked while somebody watches the health. */
  readonly healthPollMs?: number
  /** Whether clients without proto files may ask what there is. */
  readonly reflection?: boolean
  /** Without it the line is plain. With `caFile` every peer must show a certificate. */
  readonly tls?: TlsFiles & {
    /** Names of client certificates that may come in; empty: all that the authorities have signed. */
    readonly allowedNames: readonly string[]
    /** How often the files are looked at for a change. */
    readonly pollIntervalMs?: number
  }
}

export interface GrpcServer {
  /**
   * Listens and answers with the real port. With `healthAddress` the health service, and nothing else, is
   * also served there on a plain line: for probes that have no certificate. Raises FAILED_PRECONDITION naming
   * host and port (`address_in_use`, `address_unavailable`), a TLS file (`tls_file_unusable`), methods that
   * nobody guards (`requirement_missing`), or at a second call (`already_started`).
   */
  start(address: ListenAddress, healthAddress?: ListenAddress): Promise<GrpcAddresses>
  /**
   * Health turns NOT_SERVING, streams end with UNAVAILABLE (`shutting_down`), no new call is taken, those under
   * way may finish; at the deadline what is left is cut. Never rejects; every call gets the same promise.
   */
  close(deadlineMs: number): Promise<void>
}

/** Where a server listens. */
export interface GrpcAddresses extends ListenAddress {
  /** Of the separate health service. */
  readonly health?: ListenAddress
}

const DEFAULTS = {
  metadataBytesMax: 8_192,
  connectionsMax: 10_000,
  streamsPerConnectionMax: 100,
  streamsPerPeerMax: 100,
  callTimeoutMs: 30_000,
  lagTimeoutMs: 15_000,
  keepaliveIntervalMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  healthPollMs: 1_000,
  reflection: false,
}
const TLS_POLL_MS = 1_000

const HEALTH_NEEDS: Readonly<Record<string, HealthNeed>> = {
  'hello.HelloService': 'process',
  'gatehouse.v1.SessionService': 'stores',
  'gatehouse.v1.RealtimeService': 'stores',
}

type Limits = Required<Omit<GrpcServerOptions, 'tls'>> & Pick<GrpcServerOptions, 'tls'>

/** The gRPC service of the house: hello, sessions, live messages, health and reflection. */
export function createGrpcServer(deps: GrpcServerDeps, options: GrpcServerOptions): GrpcServer {
  return new HouseServer(deps, { ...DEFAULTS, ...options })
}

/** One listening server of the library. */
interface Running {
  readonly server: Server
  readonly listener: Listener
}

class HouseServer implements GrpcServer {
  readonly #deps: GrpcServerDeps
  readonly #limits: Limits
  readonly #observe: (call: FinishedCall) => void
  readonly #health: Health
  /** Ends every stream, with the reason. */
  readonly #closing = new AbortController()
  readonly #running: Running[] = []
  #tlsSource: TlsSource | undefined
  #starting: Promise<GrpcAddresses> | undefined
  #shutDown: Promise<void> | undefined

  constructor(deps: GrpcServerDeps, limits: Limits) {
    this.#deps = deps
    this.#limits = limits
    this.#observe = createObserver(deps)
    const offered = Object.entries(HEALTH_NEEDS).filter(
      ([name]) => deps.realtime !== undefined || name !== 'gatehouse.v1.RealtimeService',
    )
    this.#health = createHealth(
      {
        readiness: deps.readiness,
        services: new Map<string, HealthNeed>([['', 'stores'], ...offered]),
      },
      { pollMs: limits.healthPollMs, timeoutMs: limits.callTimeoutMs },
    )
  }

  async start(address: ListenAddress, healthAddress?: ListenAddress): Promise<GrpcAddresses> {
    if (this.#starting || this.#shutDown) {
      throw new AppError('FAILED_PRECONDITION', 'already_started', 'A server starts once.')
    }
    this.#starting = this.#open(address, healthAddress)
    return this.#starting
  }

  close(deadlineMs: number): Promise<void> {
    this.#shutDown ??= this.#close(deadlineMs)
    return this.#shutDown
  }

  async #open(address: ListenAddress, healthAddress?: ListenAddress): Promise<GrpcAddresses> {
    // Its own log would print metadata values it cannot read, an API key among them.
    setLogVerbosity(logVerbosity.NONE)
    const { logger } = this.#deps
    const { connectionsMax } = this.#limits
    try {
      const tls = await this.#openTls()
      const bound = await this.#serve(this.#registrations(), address, {
        connectionsMax,
        ...(tls ? { tls: { ...tls, logger } } : {}),
      })
      if (healthAddress === undefined) return bound
      const probes = [healthRegistration(this.#health)]
      return { ...bound, health: await this.#serve(probes, healthAddress, { connectionsMax }) }
    } catch (thrown) {
      this.#tlsSource?.close()
      for (const { server, listener } of this.#running) {
        server.forceShutdown()
        listener.stop()
        await listener.destroy()
      }
      throw thrown
    }
  }

  async #openTls(): Promise<{ source: TlsSource; allowedNames: readonly string[] } | null> {
    const { tls } = this.#limits
    if (!tls) return null
    const { clock, logger } = this.#deps
    const { pollIntervalMs = TLS_POLL_MS, allowedNames, ...files } = tls
    this.#tlsSource = await openTlsSource({ files, clock, logger, pollIntervalMs })
    return { source: this.#tlsSource, allowedNames }
  }

  #registrations(): Registration[] {
    const { callTimeoutMs, lagTimeoutMs, reflection } = this.#limits
    const options = {
      unary: { timeoutMs: callTimeoutMs },
      stream: {
        closing: this.#closing.signal,
        lagTimeoutMs,
        bind: createStreamBinding(this.#deps),
      },
    }
    return [
      ...houseRegistrations(this.#deps, options),
      healthRegistration(this.#health),
      ...(reflection ? reflectionRegistrations(this.#deps.realtime !== undefined, options) : []),
    ]
  }

  async #serve(
    services: readonly Registration[],
    address: ListenAddress,
    options: ListenOptions,
  ): Promise<ListenAddress> {
    let listener: Listener | undefined
    const server = this.#createServer(services, (peer) => listener?.identityOf(peer))
    try {
      assertRequirements(
        services.map(({ definition }) => definition),
        REQUIREMENTS,
      )
      for (const { definition, streams } of services) {
        server.addService(withTolerantMessages(definition), streams)
      }
      listener = await listen(server, address, options)
    } catch (thrown) {
      server.forceShutdown()
      throw thrown
    }
    this.#running.push({ server, listener })
    return listener.address
  }

  #createServer(services: readonly Registration[], identityOf: IdentitySource): Server {
    const { apiKey, authentication } = this.#deps
    const limits = this.#limits
    const admit = createAdmission({
      ...{ apiKey, authentication, identityOf },
      requirements: REQUIREMENTS,
      metadataBytesMax: limits.metadataBytesMax,
    })
    const streams = createStreamGate({ streamsMax: limits.streamsPerPeerMax })
    // channelz stays on: without it grpc-js keeps no list of connections and cannot force a shutdown.
    return new Server({
      interceptors: [
        createCallInterceptor({
          ...{ admit, streams, observe: this.#observe },
          unaryRoutes: unaryRoutesOf(services, limits.messageBytesMax),
        }),
      ],
      'grpc.max_receive_message_length': limits.messageBytesMax,
      'grpc.max_send_message_length': limits.messageBytesMax,
      'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
      'grpc.keepalive_time_ms': limits.keepaliveIntervalMs,
      'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    })
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#health.close()
    const reason = 'This process is shutting down; resume at another one.'
    this.#closing.abort(new AppError('UNAVAILABLE', 'shutting_down', reason))
    await this.#starting?.catch(() => undefined)
    this.#tlsSource?.close()
    await Promise.all(this.#running.map((running) => drain(running, deadlineMs, this.#deps.logger)))
  }
}

/** By method path. */
function unaryRoutesOf(
  services: readonly Registration[],
  messageBytesMax: number,
): ReadonlyMap<string, UnaryRoute> {
  const routes = new Map<string, UnaryRoute>()
  for (const { definition, unary } of services) {
    for (const [name, method] of Object.entries(unary)) {
      const known = definition[name]
      if (!known) throw new Error(`There is no method ${name} in the service.`)
      routes.set(known.path, { method, serialize: known.responseSerialize, messageBytesMax })
    }
  }
  return routes
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
