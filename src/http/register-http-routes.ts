import { fastifyCookie } from '@fastify/cookie'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { AuditLog } from '../domain/audit.js'
import type { ClientLabeler } from '../domain/client.js'
import type { HelloClient } from '../domain/hello.js'
import type { PublicKeySource } from '../domain/token.js'
import type { AccountService } from '../service/account-service.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import type { CredentialService } from '../service/credential-service.js'
import type { OauthService } from '../service/oauth-service.js'
import type { SessionService } from '../service/session-service.js'
import type { TabService } from '../service/tab-service.js'
import type { TokenInspectionService } from '../service/token-inspection-service.js'
import type { UserAdminService } from '../service/user-admin-service.js'
import { cookieNames } from './cookie.js'
import { createSourceCheck } from './cross-site.js'
import { registerAdminOnly } from './plugins/admin.js'
import { createOauthBrowser } from './oauth-browser.js'
import { registerAuthentication } from './plugins/authentication.js'
import { registerClient } from './plugins/client.js'
import { registerCors } from './plugins/cors.js'
import { registerSameSite } from './plugins/same-site.js'
import { registerAdminRoutes } from './routes/admin-routes.js'
import { registerAuthRoutes, registerLogoutRoute } from './routes/auth-routes.js'
import { registerDiscoveryRoutes } from './routes/discovery-routes.js'
import { registerHelloRoutes, registerHomeRoute } from './routes/hello-routes.js'
import { registerMeRoutes } from './routes/me-routes.js'
import { type OAuthRoutesOptions, registerOAuthRoutes } from './routes/oauth-routes.js'
import { registerIdentityRoutes, registerProviderRoutes } from './routes/provider-routes.js'
import { registerSessionRoutes } from './routes/session-routes.js'

export interface HttpRoutesDeps {
  readonly authentication: AuthenticationService
  readonly sessions: SessionService
  readonly tabs: Pick<TabService, 'resolve'>
  readonly accounts: AccountService
  readonly credentials: CredentialService
  readonly userAdmin: UserAdminService
  readonly tokenInspection: TokenInspectionService
  readonly auditReader: Pick<AuditLog, 'list'>
  readonly publicKeys: PublicKeySource
  readonly hello: HelloClient
  readonly oauth: OauthService
  readonly clientLabeler: ClientLabeler
  /** Labels the browsers that sign in with a provider. */
  readonly oauthLabeler: ClientLabeler
  /** The name of the environment, for `/hello`. */
  readonly environment: string
  /** The API document to serve; null serves none. */
  readonly openapiFile: string | null
}

export interface HttpRoutesOptions {
  readonly secureCookies: boolean
  /** Further origins whose pages may act for their users, as browsers write them: `https://app.example`. */
  readonly allowedOrigins: readonly string[]
  readonly oauth: OAuthRoutesOptions
  /** Where browsers reach the service; empty takes it from the request. */
  readonly publicOrigin: string
}

/**
 * The REST surface, in scopes: what is public and may be cached, what other services ask with credentials of
 * their own, what is public and knows browsers, and everything else, which is for live sessions only; in it, what is
 * for administrators only.
 */
export function registerHttpRoutes(
  server: FastifyInstance,
  deps: HttpRoutesDeps,
  options: HttpRoutesOptions,
): void {
  const { secureCookies } = options
  const cookies = cookieNames(secureCookies)
  const clients = { clientLabeler: deps.clientLabeler, cookies, secureCookies }
  const guards = {
    authentication: deps.authentication,
    cookies,
    sourceOf: createSourceCheck(options),
  }

  registerCors(server, options.allowedOrigins)
  const oauth = {
    ...{ oauth: deps.oauth, secureCookies, publicOrigin: options.publicOrigin },
    oauthBrowser: createOauthBrowser({ oauthLabeler: deps.oauthLabeler, secureCookies }),
  }

  // It writes our cookies; reading is ours, since a credential that came twice is refused.
  server.register(fastifyCookie, { hook: false })
  server.register(async (scope) => {
    await registerDiscoveryRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), deps)
  })
  server.register((scope, _options, done) => {
    registerOAuthRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), deps, options.oauth)
    done()
  })
  server.register((scope, _options, done) => {
    const open = scope.withTypeProvider<TypeBoxTypeProvider>()
    registerClient(open, clients, { skipBearer: false })
    registerSameSite(open, guards)
    registerAuthRoutes(open, { ...deps, secureCookies })
    registerProviderRoutes(open, oauth)
    registerHelloRoutes(open, deps)
    done()
  })
  server.register((scope, _options, done) => {
    const guarded = scope.withTypeProvider<TypeBoxTypeProvider>()
    registerClient(guarded, clients, { skipBearer: true })
    registerAuthentication(guarded, guards)
    registerLogoutRoute(guarded, { ...deps, secureCookies })
    registerMeRoutes(guarded, deps)
    registerSessionRoutes(guarded, deps.sessions)
    registerHomeRoute(guarded, deps.sessions)
    guarded.register((inner, _inner, ready) => {
      const admin = inner.withTypeProvider<TypeBoxTypeProvider>()
      registerAdminOnly(admin, deps.userAdmin)
      registerAdminRoutes(admin, deps)
      ready()
    })
    done()
  })
  server.register((scope, _options, done) => {
    const guarded = scope.withTypeProvider<TypeBoxTypeProvider>()
    // Leaving for a provider is bound to the browser, also where a Bearer token says who it is.
    registerClient(guarded, clients, { skipBearer: false })
    registerAuthentication(guarded, guards)
    registerIdentityRoutes(guarded, oauth)
    done()
  })
}
