import { fastifyWebsocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { Registry } from 'prom-client'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import type { Hub } from '../realtime/hub.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import type { PushService } from '../service/push-service.js'
import type { ConnectionHandler, ConnectionLimits } from './connection.js'
import { type ConnectionSet, createConnectionSet } from './connection-set.js'
import { sendProblem } from './problem.js'
import { createEchoProtocol } from './protocols/echo-protocol.js'
import { createPushProtocol, type PushProtocolOptions } from './protocols/push-protocol.js'
import type { RequestGuard } from './request-guard.js'
import { createPushRoute } from './push-route.js'
import { createSocketMetrics } from './socket-metrics.js'
import { createUpgradeGuard, type UpgradeGuardOptions } from './upgrade-guard.js'

const CLOSE_TIMEOUT_MS = 2_000
export interface SocketPluginDeps {
  readonly hub: Hub
  readonly sessionHandles: SessionHandles
  readonly authentication: AuthenticationService
  readonly push: PushService
  /** Guards `POST /push`; it runs before the body is read. */
  readonly apiKeyGuard: RequestGuard
  readonly logger: Logger
  readonly clock: Clock
  /** Where the gauges and counters go, when they go anywhere. */
  readonly registry?: Registry
}

export interface SocketPluginOptions
  extends UpgradeGuardOptions, PushProtocolOptions, Omit<ConnectionLimits, 'closeTimeoutMs'> {
  /** A larger message closes its connection with 1009. */
  readonly frameBytesMax: number
  /** How long a peer has to answer a close; 2 s when not given. */
  readonly closeTimeoutMs?: number
}

/**
 * The WebSocket routes `/ws` and `/socket_server`, and `POST /push`. To be registered at the root of a
 * Fastify server whose error handler renders AppErrors. When that server closes, every connection is
 * closed with 1001 `server_shutdown` first. Raises INVALID_ARGUMENT for a malformed address pattern.
 */
export function createSocketPlugin(
  deps: SocketPluginDeps,
  options: SocketPluginOptions,
): FastifyPluginAsync {
  const connections = createConnections(deps, options)
  const guard = createUpgradeGuard(
    { isFull: () => deps.hub.isFull(), isClosing: () => connections.isClosing() },
    options,
  )
  // Hooks and the preClose step are for the whole server, so the plugin opens no scope of its own.
  return fastifyPlugin(async (fastify) => {
    await fastify.register(fastifyWebsocket, {
      options: {
        maxPayload: options.frameBytesMax,
        perMessageDeflate: false,
        clientTracking: false,
      },
      preClose: () => connections.close(),
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
    await fastify.register(createPushRoute(deps))
  })
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route takes WebSockets. Any other route refuses an upgrade. */
    isWebSocket?: boolean
  }
}

function createConnections(deps: SocketPluginDeps, options: SocketPluginOptions): ConnectionSet {
  const limits = { ...options, closeTimeoutMs: options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS }
  return createConnectionSet({
    hub: deps.hub,
    shared: { limits, metrics: createSocketMetrics(deps), logger: deps.logger },
    shortestTimeoutMs: Math.min(
      limits.closeTimeoutMs,
      limits.idleTimeoutMs,
      limits.pingIntervalMs,
      limits.registrationTimeoutMs,
    ),
  })
}

function addWebSocketRoute(
  fastify: FastifyInstance,
  url: string,
  connections: ConnectionSet,
  createHandler: () => ConnectionHandler,
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
      connections.adopt(socket, createHandler(), { requestId, address, path: url })
    },
  })
}

function notWebSocket(request: FastifyRequest): AppError {
  const message = `${request.method} ${request.routeOptions.url ?? ''} takes no WebSocket.`
  return new AppError('FAILED_PRECONDITION', 'upgrade_not_supported', message)
}
