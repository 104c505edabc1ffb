import { fastifyWebsocket } from '@fastify/websocket'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { Gauge } from 'prom-client'
import type { ClientLabeler } from '../../domain/client.js'
import type { Clock } from '../../domain/clock.js'
import type { Logger } from '../../domain/logger.js'
import type { TransactionRunner } from '../../domain/transaction.js'
import { AppError } from '../../errors/app-error.js'
import type { AuthObservers } from '../../realtime/auth-observers.js'
import type { SessionHandles } from '../../realtime/session-handles.js'
import type { AccountService } from '../../service/account-service.js'
import type { AuthenticationService } from '../../service/authentication-service.js'
import type { CredentialService } from '../../service/credential-service.js'
import type { SessionService } from '../../service/session-service.js'
import type { TabService } from '../../service/tab-service.js'
import { cookieNames } from '../cookie.js'
import { createSourceCheck } from '../cross-site.js'
import { registerSameSite } from '../plugins/same-site.js'
import type { DocumentLimits } from './document-cache.js'
import type { GraphqlEngine } from './engine.js'
import { registerExplorerRoutes } from './explorer-routes.js'
import { registerGraphqlRoutes } from './graphql-routes.js'
import type { SocketLines } from './socket/socket-line.js'
import { chooseProtocol, createWebSocketRoute, type Protocols } from './socket/web-socket-route.js'

export interface GraphqlDeps {
  readonly authentication: AuthenticationService
  readonly accounts: AccountService
  readonly sessions: SessionService
  readonly tabs: TabService
  readonly credentials: Pick<CredentialService, 'changePassword'>
  readonly transactions: TransactionRunner
  readonly authObservers: AuthObservers
  readonly sessionHandles: SessionHandles
  readonly clientLabeler: ClientLabeler
  /** The open WebSockets of this server. */
  readonly lines: SocketLines
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
}

export interface GraphqlOptions extends DocumentLimits {
  readonly secureCookies: boolean
  readonly allowedOrigins: readonly string[]
  /** Largest WebSocket message; a request body has its own limit. */
  readonly messageBytesMax: number
  readonly batchMax: number
  readonly operationsPerConnectionMax: number
  readonly initTimeoutMs: number
  readonly keepAliveMs: number
  readonly tokenGraceMs: number
  /** Whether to serve the page at `/graphiql`. */
  readonly graphiql: boolean
}

/**
 * `/graphql` by POST, GET and WebSocket, on the root of a server that can write cookies. What executes is loaded
 * with the first request: a start does not wait for it.
 */
export function registerGraphql(
  server: FastifyInstance,
  deps: GraphqlDeps,
  options: GraphqlOptions,
): void {
  const { secureCookies } = options
  const cookies = cookieNames(secureCookies)
  const guards = {
    authentication: deps.authentication,
    cookies,
    sourceOf: createSourceCheck(options),
  }
  const core = createCore(deps, options)
  server.addHook('onClose', () => core.close())
  registerWebSockets(server, deps, options.messageBytesMax)
  registerGauge(deps)
  server.register((scope, _options, done) => {
    const open = scope.withTypeProvider<TypeBoxTypeProvider>()
    registerSameSite(open, guards)
    registerGraphqlRoutes(
      scope,
      { ...deps, ...guards, secureCookies, engine: core.engine },
      options,
      createWebSocketRoute({
        ...{ ...deps, ...guards, protocols: core.protocols },
        initTimeoutMs: options.initTimeoutMs,
        tokenGraceMs: options.tokenGraceMs,
        operationsMax: options.operationsPerConnectionMax,
      }),
    )
    done()
  })
  if (options.graphiql) server.register(registerExplorerRoutes)
}

/** What executes, and the protocols over it; loaded once, and again after a failure to load. */
function createCore(deps: GraphqlDeps, options: GraphqlOptions) {
  let loading: Promise<{ engine: GraphqlEngine; protocols: Protocols }> | null = null
  let engine: GraphqlEngine | null = null

  async function load(): Promise<{ engine: GraphqlEngine; protocols: Protocols }> {
    const [{ createGraphqlEngine }, { createTransportProtocol }, { createLegacyProtocol }] =
      await Promise.all([
        import('./engine.js'),
        import('./socket/transport-protocol.js'),
        import('./socket/legacy-protocol.js'),
      ])
    const made = await createGraphqlEngine(deps, options)
    const protocols: Protocols = new Map([
      ['graphql-transport-ws', createTransportProtocol(made, options.initTimeoutMs)],
      ['graphql-ws', createLegacyProtocol(made, options.keepAliveMs)],
    ])
    engine = made
    return { engine: made, protocols }
  }
  function loaded() {
    loading ??= load().catch((error: unknown) => {
      loading = null
      throw error
    })
    return loading
  }
  return {
    engine: () => engine ?? loaded().then((core) => core.engine),
    protocols: async () => (await loaded()).protocols,
    async close(): Promise<void> {
      await (await loading)?.engine.close()
    },
  }
}

function registerWebSockets(
  server: FastifyInstance,
  { lines }: GraphqlDeps,
  messageBytesMax: number,
): void {
  server.register(fastifyWebsocket, {
    options: {
      maxPayload: messageBytesMax,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: chooseProtocol,
    },
    preClose: () => lines.close(),
  })
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.ws || request.is404) {
      done()
      return
    }
    // The socket cannot serve a second request, whatever becomes of this one.
    void reply.header('connection', 'close')
    if (request.routeOptions.config.isWebSocket === true) {
      done()
      return
    }
    const message = `${request.method} ${request.routeOptions.url ?? ''} takes no WebSocket.`
    done(new AppError('FAILED_PRECONDITION', 'upgrade_not_supported', message))
  })
}

/** Asked when it is scraped, so that it cannot drift. */
function registerGauge({ registry, authObservers }: GraphqlDeps): void {
  const observers: Gauge = new Gauge({
    name: 'graphql_observers',
    help: 'Browsers and users that open GraphQL lines of this process watch.',
    registers: [registry],
    collect: () => observers.set(authObservers.count()),
  })
}
