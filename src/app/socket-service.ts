import { createApiKeyGuard } from '../http/api-key.js'
import { createServer } from '../http/create-server.js'
import { createSocketPlugin } from '../socket/socket-plugin.js'
import { listenWeb } from './listen-web.js'
import type { ServiceRunner } from './service-runner.js'

/** The socket service: WebSocket push and echo, and `POST /push`. */
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
    await server.register(
      createSocketPlugin({ ...core, apiKeyGuard: createApiKeyGuard(api.key) }, socket),
    )
    return listenWeb(server, socket)
  },
}
