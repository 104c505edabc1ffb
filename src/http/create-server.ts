import { fastify, type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Readiness } from '../domain/health.js'
import { createClientErrorHandler } from './client-error.js'
import { registerJsonBody } from './json-body.js'
import { createProxyTrust } from './peer-address.js'
import { registerDrain } from './plugins/drain.js'
import { registerErrorHandler, sendProblem } from './plugins/error-handler.js'
import { registerHostHeader } from './plugins/host-header.js'
import { logRequest, registerRequestLog } from './plugins/request-log.js'
import { registerRequestMetrics } from './plugins/request-metrics.js'
import { registerSecurityHeaders, setBaseHeaders } from './plugins/security-headers.js'
import { createRequestIds } from './request-id.js'
import { registerHealthRoutes } from './routes/health-routes.js'
import { registerMetricsRoutes } from './routes/metrics-routes.js'
import { createValidatorCompiler } from './validator.js'

/** How often Node looks for requests that came too slowly; half-sent ones live that much longer. */
const SLOW_REQUEST_CHECK_MS = 1_000

export interface ServerDeps {
  readonly logger: Logger
  readonly readiness: Readiness
  /** May be shared by the services of one process. */
  readonly registry: Registry
  /** Opens `/metrics`; empty opens nothing. */
  readonly apiKey: string
  readonly serviceName: 'http' | 'socket'
}

export interface ServerOptions {
  readonly bodyBytesMax: number
  readonly headerBytesMax: number
  /** For the whole request to arrive; zero for no limit. */
  readonly requestTimeoutMs: number
  readonly connectionsMax: number
  /** Addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`. */
  readonly trustedProxies: readonly string[]
  readonly secureCookies: boolean
}

/**
 * The server that both web services stand on: request ids, log, metrics, security headers, the error table
 * on every path, limits, health, and an orderly end. It does not listen yet.
 *
 * `prepare` is called before any route is registered, for what has to see every route.
 */
export function createServer(
  deps: ServerDeps,
  options: ServerOptions,
  prepare: (server: FastifyInstance) => void = () => {},
): FastifyInstance {
  const server = createBareServer(deps, options)
  server.server.maxConnections = options.connectionsMax
  server.decorateRequest('principal', null)
  server.decorateRequest('client', null)
  server.decorateRequest('failure', null)
  server.decorateRequest('outcome', null)
  server.setValidatorCompiler(createValidatorCompiler())
  registerJsonBody(server)
  registerErrorHandler(server)
  registerSecurityHeaders(server, options.secureCookies)
  registerRequestLog(server, deps.logger)
  registerRequestMetrics(server, deps.registry, deps.serviceName)
  registerDrain(server, deps.logger)
  registerHostHeader(server)
  prepare(server)
  server.register((scope, _options, done) => {
    const typed = scope.withTypeProvider<TypeBoxTypeProvider>()
    registerHealthRoutes(typed, deps.readiness)
    registerMetricsRoutes(typed, deps)
    done()
  })
  return server
}

function createBareServer(deps: ServerDeps, options: ServerOptions): FastifyInstance {
  const trust = createProxyTrust(options.trustedProxies)
  // Our own lines say what is usual; Fastify has the logger for what goes wrong inside it.
  const level = deps.logger.isLevelEnabled('info') ? 'warn' : deps.logger.level
  const loggerInstance: FastifyBaseLogger = deps.logger.child({}, { level })
  return fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    genReqId: createRequestIds(trust),
    trustProxy: options.trustedProxies.length > 0 ? trust : false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.requestTimeoutMs,
    return503OnClosing: false,
    http: {
      maxHeaderSize: options.headerBytesMax,
      connectionsCheckingInterval: SLOW_REQUEST_CHECK_MS,
      requireHostHeader: false,
    },
    clientErrorHandler: createClientErrorHandler(deps.logger, options.secureCookies),
    // A path that cannot be read has no route, and so no hook sees it.
    frameworkErrors: (error, request, reply) => {
      setBaseHeaders(request, reply, options.secureCookies)
      sendProblem(error, request, reply)
      logRequest(deps.logger, request, reply, reply.statusCode)
    },
  })
}
