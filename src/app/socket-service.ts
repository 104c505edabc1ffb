import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.js'
import { createApiKeyGuard } from '../http/api-key.js'
import { cookieNames, readCookies } from '../http/cookie.js'
import { createServer } from '../http/create-server.js'
import { createSourceCheck } from '../http/cross-site.js'
import { createEmulationService } from '../service/emulation-service.js'
import type { RpcMethod } from '../socket/protocols/centrifuge/centrifuge-deps.js'
import { createSocketPlugin, type SocketPluginOptions } from '../socket/socket-plugin.js'
import type { Core } from './create-core.js'
import { drainDeadline, listenWeb } from './listen-web.js'
import type { ServiceRunner } from './service-runner.js'

const SECOND_MS = 1_000
/** A client has a third of the ping interval to answer, and no less than this. */
const PONG_SHARE = 3
const PONG_TIMEOUT_MS_MIN = 1_000

/** The socket service: channels, push and echo over WebSocket and HTTP streams, and the calls for servers. */
export const socketService: ServiceRunner = {
  name: 'socket',
  async start(core, config) {
    const { http, socket, api } = config
    const server = createServer(
      { ...core, apiKey: api.key, serviceName: 'socket' },
      {
        // One message of a push is as large as one frame may be; the rest is its envelope.
        bodyBytesMax: http.bodyBytesMax + socket.frameBytesMax,
        headerBytesMax: http.headerBytesMax,
        requestTimeoutMs: http.requestTimeoutMs,
        connectionsMax: socket.connectionsMax,
        trustedProxies: socket.trustedProxies,
        secureCookies: http.secureCookies,
      },
    )
    await core.channels.start()
    await server.register(createSocketPlugin(pluginDeps(core, config), pluginOptions(config)))
    return listenWeb(server, socket)
  },
}

function pluginDeps(core: Core, config: Config): Parameters<typeof createSocketPlugin>[0] {
  const { channels } = core
  return {
    ...core,
    emulation: channels.emulation,
    emulationService: createEmulationService({
      broker: core.broker,
      emulation: channels.emulation,
      surveyTimeoutMs: config.broker.surveyTimeoutMs,
    }),
    channelCounts: channels.counts,
    apiKeyGuard: createApiKeyGuard(config.api.key),
    credentialOf: createCredentialReader(config),
    centrifuge: { ...core, ...channels, rpc: RPC_METHODS },
  }
}

function pluginOptions({ socket, realtime, shutdown }: Config): SocketPluginOptions {
  const pingIntervalMs = socket.clientPingSeconds * SECOND_MS
  return {
    ...socket,
    drainDeadlineMs: drainDeadline(shutdown),
    subscriptionTokenSeconds: realtime.subscriptionTokenSeconds,
    centrifuge: {
      ...socket,
      pingIntervalMs,
      pongTimeoutMs: Math.max(PONG_TIMEOUT_MS_MIN, pingIntervalMs / PONG_SHARE),
      rotationMs: socket.rotationSeconds * SECOND_MS,
      anonymous: realtime.anonymous,
      historyLimitMax: realtime.recoveryMax,
    },
  }
}

/**
 * Reads the access cookie of a page that may use it. The guard has refused foreign origins; a request without an Origin
 * may still come from the link on another site.
 */
function createCredentialReader({
  http,
  socket,
}: Config): (request: FastifyRequest) => string | null {
  const { secureCookies } = http
  const names = cookieNames(secureCookies)
  const sourceOf = createSourceCheck({ secureCookies, allowedOrigins: socket.allowedOrigins })
  return (request) =>
    sourceOf(request) === 'foreign' ? null : readCookies(request.headers.cookie, names).access
}

/** What clients may call. `whoami` tells a page whose connection it has. */
const RPC_METHODS: ReadonlyMap<string, RpcMethod> = new Map([
  [
    'whoami',
    async (_data, { userId, sessionId, role }) => JSON.stringify({ userId, sessionId, role }),
  ],
])
