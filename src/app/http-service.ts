import { join } from 'node:path'
import { createHelloClient } from '../grpc/create-hello-client.js'
import { createServer } from '../http/create-server.js'
import { registerGraphql } from '../http/graphql/register-graphql.js'
import { registerHttpRoutes } from '../http/register-http-routes.js'
import { registerDocsRoutes } from '../http/routes/docs-routes.js'
import { PACKAGE_ROOT } from '../util/package-root.js'
import { formatAddress } from '../errors/listen-error.js'
import { createGraphqlLines } from './graphql-lines.js'
import { listenWeb } from './listen-web.js'
import { openGrpcChannel } from './open-grpc-channel.js'
import type { ServiceRunner } from './service-runner.js'

const OPENAPI_FILE = join(PACKAGE_ROOT, 'assets', 'openapi.json')

/** The HTTP service: accounts, sessions, keys, and the bridge to the gRPC service. */
export const httpService: ServiceRunner = {
  name: 'http',
  async start(core, config, environment, siblings) {
    const { http, grpc } = config
    const address =
      http.grpcAddress === '' ? formatAddress(siblings.grpc ?? grpc) : http.grpcAddress
    const channel = openGrpcChannel(config, address, core)
    const server = createServer({ ...core, apiKey: config.api.key, serviceName: 'http' }, http)
    registerHttpRoutes(
      server,
      {
        ...core,
        hello: createHelloClient({ channel, callTimeoutMs: grpc.callTimeoutMs }),
        environment,
        openapiFile: config.apiDocs.enabled ? OPENAPI_FILE : null,
      },
      { ...http, oauth: { ...config.auth, clients: config.oauth.clients } },
    )
    if (config.apiDocs.enabled) server.register(registerDocsRoutes)
    registerGraphql(
      server,
      { ...core, lines: createGraphqlLines(config, core.logger) },
      {
        ...config.graphql,
        secureCookies: http.secureCookies,
        allowedOrigins: http.allowedOrigins,
        messageBytesMax: http.bodyBytesMax,
      },
    )
    server.addHook('onClose', () => channel.close())
    return listenWeb(server, http)
  },
}
