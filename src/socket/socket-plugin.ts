import { fastifyWebsocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { Registry } from 'prom-client'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import type { ChannelCounts } from '../realtime/channel-counts.js'
import type { EmulationSessions } from '../realtime/emulation-sessions.js'
import type { Hub } from '../realtime/hub.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import type { EmulationService } from '../service/emulation-service.js'
import type { PushService } from '../service/push-service.js'
import type { RealtimeService } from '../service/realtime-service.js'
import { type AddressQuota, createAddressQuota } from './address-quota.js'
import { createApiRoutes } from './api/api-routes.js'
import { createAsyncapiRoute } from './asyncapi/asyncapi-route.js'
import type { ConnectionHandler, ConnectionLimits } from './connection.js'
import { type ConnectionSet, createConnectionSet, tickInterval } from './connection-set.js'
import { sendProblem } from './problem.js'
import type { CentrifugeDeps, CentrifugeOptions } from './protocols/centrifuge/centrifuge-deps.js'
import { createCentrifugeProtocol } from './protocols/centrifuge/centrifuge-protocol.js'
import { createEchoProtocol } from './protocols/echo-protocol.js'
import { createPushProtocol } from './protocols/push-protocol.js'
import { createPushRoute } from './push-route.js'
import type { RequestGuard } from './request-guard.js'
import { createSocketMetrics, type SocketMetrics } from './socket-metrics.js'
import { createStreamRoutes } from './stream/stream-routes.js'
import { createStreamSet } from './stream/stream-set.js'
import { createUpgradeGuard, type UpgradeGuardOptions } from './upgrade-guard.js'
import { createWriteTurn } from './write-turn.js'

const CLOSE_TIMEOUT_MS = 2_000

export interface SocketPluginDeps {
  readonly hub: Hub
  readonly sessionHandles: SessionHandles
  readonly authentication: AuthenticationService
  readonly push: PushService
  readonly realtime: RealtimeService
  readonly centrifuge: CentrifugeDeps
  readonly emulation: EmulationSessions
  readonly emulationService: EmulationService
  readonly channelCounts: ChannelCounts
  /** Guards `POST /push` and `POST /api/*`; it runs before the body is read. */
  readonly apiKeyGuard: RequestGuard
  /** The access token that came as a cookie; null when there is none that may be used. */
  readonly credentialOf: (request: FastifyRequest) => string | null
  readonly logger: Logger
  readonly clock: Clock
  /** Where the gauges and counters go, when they go anywhere. */
  readonly registry?: Registry
}

/** Durations in milliseconds. */
export interface SocketPluginOptions
  extends UpgradeGuardOptions, Omit<ConnectionLimits, 'closeTimeoutMs'> {
  /** From the open connection to its first accepted registration. Traffic does not extend it. */
  readonly registrationTimeoutMs: number
  /** How long a connection outlives the newest access token that was shown on it. */
  readonly tokenGraceMs: number
  /** A larger message closes its connection with 1009. */
  readonly frameBytesMax: number
  /** How long a peer has to answer a close; 2 s when not given. */
  readonly closeTimeoutMs?: number
  /** Open connections of one address; 0 for any number. */
  readonly connectionsPerAddressMax: number
  /** Over how long connections are sent away at the end. */
  readonly drainWindowMs: number
  /** From the beginning of the end until the last connection is cut, at the latest; more than the window. */
  readonly drainDeadlineMs: number
  /** Life of a subscription token, in seconds. */
  readonly subscriptionTokenSeconds: number
  readonly centrifuge: CentrifugeOptions
}

/**
 * The WebSocket routes `/connection/websocket`, `/ws` and `/socket_server`, the HTTP transports of the channel protocol,
 * `POST /push`, `POST /api/*` and `/asyncapi.json`. To be registered at the root of a Fastify server whose error handler
 * renders AppErrors. When that server closes, every connection is sent away first. Raises INVALID_ARGUMENT for a
 * malformed address pattern.
 */
export function createSocketPlugin(
  deps: SocketPluginDeps,
  options: SocketPluginOptions,
): FastifyPluginAsync {
  const metrics = createSocketMetrics({ ...deps, channels: deps.centrifuge.channels })
  const centrifuge = {
    ...deps.centrifuge,
    onReplyError: (code: number) => metrics.replyFailed(code),
  }
  const addresses = createAddressQuota(options.connectionsPerAddressMax)
  const shared = { metrics, addresses }
  const connections = createConnections(deps, options, shared)
  const guard = createUpgradeGuard(
    {
      isFull: () => deps.hub.isFull(),
      isClosing: () => connections.isClosing(),
      isAddressFull: (address) => addresses.isFull(address),
      onRefused: (reason) => metrics.refused(reason),
    },
    options,
  )
  const streams = createStreamSet(
    { ...deps, ...shared, centrifuge },
    { ...options, tickMs: tickInterval(shortestTimeoutMs(options)) },
  )
  // Hooks and the preClose step are for the whole server, so the plugin opens no scope of its own.
  return fastifyPlugin(async (fastify) => {
    await fastify.register(fastifyWebsocket, {
      options: {
        maxPayload: options.frameBytesMax,
        perMessageDeflate: false,
        clientTracking: false,
      },
      preClose: () => Promise.all([connections.close(), streams.close()]).then(() => undefined),
    })
    fastify.addHook('onRequest', async (request, reply) => {
      if (!request.ws || request.is404) return
      // The socket cannot serve a second request, whatever becomes of this one.
      reply.header('connection', 'close')
      if (request.routeOptions.config.isWebSocket !== true) throw notWebSocket(request)
      guard(request)
    })
    const echo = createEchoProtocol()
    addWebSocketRoute(fastify, '/socket_server', connections, () => echo)
    addWebSocketRoute(fastify, '/ws', connections, () => createPushProtocol(deps, options))
    addWebSocketRoute(fastify, '/connection/websocket', connections, (request) =>
      createCentrifugeProtocol(centrifuge, options.centrifuge, deps.credentialOf(request)),
    )
    const { emulationService: emulation, credentialOf } = deps
    await fastify.register(createStreamRoutes({ streams, emulation, guard, credentialOf }, options))
    await fastify.register(createPushRoute(deps))
    await fastify.register(createApiRoutes({ ...deps, ...deps.centrifuge }, options))
    await fastify.register(createAsyncapiRoute())
  })
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route takes WebSockets. Any other route refuses an upgrade. */
    isWebSocket?: boolean
  }
}

function createConnections(
  deps: SocketPluginDeps,
  options: SocketPluginOptions,
  shared: { metrics: SocketMetrics; addresses: AddressQuota },
): ConnectionSet {
  const limits = { ...options, closeTimeoutMs: options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS }
  return createConnectionSet({
    hub: deps.hub,
    addresses: shared.addresses,
    shared: { limits, metrics: shared.metrics, logger: deps.logger, turn: createWriteTurn() },
    shortestTimeoutMs: shortestTimeoutMs(options),
    drainWindowMs: options.drainWindowMs,
    drainDeadlineMs: options.drainDeadlineMs,
  })
}

/** The shortest duration that the timers have to notice. */
function shortestTimeoutMs(options: SocketPluginOptions): number {
  const { centrifuge } = options
  return Math.min(
    options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS,
    options.idleTimeoutMs,
    options.pingIntervalMs,
    options.registrationTimeoutMs,
    centrifuge.pingIntervalMs,
    centrifuge.pongTimeoutMs,
  )
}

function addWebSocketRoute(
  fastify: FastifyInstance,
  url: string,
  connections: ConnectionSet,
  createHandler: (request: FastifyRequest) => ConnectionHandler,
): void {
  fastify.route({
    method: 'GET',
    url,
    config: { isWebSocket: true },
    exposeHeadRoute: false,
    // The response object would hold the upgrade request for as long as the socket lives.
    preHandler: async (request, reply) => {
      if (request.ws) reply.raw.detachSocket(request.raw.socket)
    },
    handler: (_request, reply) =>
      sendProblem(reply.header('upgrade', 'websocket'), {
        status: 426,
        title: 'Upgrade Required',
        detail: 'This address speaks WebSocket.',
        code: 'FAILED_PRECONDITION',
        reason: 'upgrade_required',
      }),
    wsHandler: (socket, request) => {
      const { id: requestId, ip: address } = request
      const origin = { requestId, address, path: url }
      connections.adopt(socket, request.raw.socket, createHandler(request), origin)
    },
  })
}

function notWebSocket(request: FastifyRequest): AppError {
  const message = `${request.method} ${request.routeOptions.url ?? ''} takes no WebSocket.`
  return new AppError('FAILED_PRECONDITION', 'upgrade_not_supported', message)
}
