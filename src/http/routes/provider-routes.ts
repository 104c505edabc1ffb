import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ClientContext } from '../../domain/client.js'
import type { OauthOutcome, OauthService } from '../../service/oauth-service.js'
import { withParameter } from '../../service/return-path.js'
import { setCredentialCookies } from '../credential-cookies.js'
import type { TypedServer } from '../fastify-types.js'
import type { OauthBrowser } from '../oauth-browser.js'
import { principalOf } from '../plugins/authentication.js'
import { clientOf } from '../plugins/client.js'
import {
  FINISH_OAUTH_SCHEMA,
  LINK_IDENTITY_SCHEMA,
  LIST_IDENTITIES_SCHEMA,
  LIST_PROVIDERS_SCHEMA,
  START_OAUTH_SCHEMA,
  toSignInWaysJson,
  UNLINK_IDENTITY_SCHEMA,
} from '../schemas/provider-schema.js'

const SEE_OTHER = 303

export interface ProviderRoutesDeps {
  readonly oauth: OauthService
  readonly oauthBrowser: OauthBrowser
  readonly secureCookies: boolean
  /** Where browsers reach us; empty takes it from the request. */
  readonly publicOrigin: string
}

/**
 * To the provider and back: for a public scope that labels clients. Both are GET, since browsers are sent
 * there, and neither answers HEAD: what only looks must not use a sign-in up.
 */
export function registerProviderRoutes(scope: TypedServer, deps: ProviderRoutesDeps): void {
  const { oauth, oauthBrowser } = deps
  scope.get(
    '/auth/providers',
    { schema: LIST_PROVIDERS_SCHEMA, config: { operation: 'listProviders' } },
    () => ({
      providers: oauth
        .providers()
        .map(({ name, label }) => ({ name, label, loginPath: `/auth/login/${name}` })),
    }),
  )
  scope.get(
    '/auth/login/:provider',
    { schema: START_OAUTH_SCHEMA, config: { operation: 'startOauth' }, exposeHeadRoute: false },
    async (request, reply) => {
      const { returnTo, remember = false } = request.query
      const start = { ...startOf(deps, request, reply), returnTo, remember }
      return reply.redirect(await oauth.start(start, clientOf(request)), SEE_OTHER)
    },
  )
  scope.get(
    '/auth/callback/:provider',
    { schema: FINISH_OAUTH_SCHEMA, config: { operation: 'finishOauth' }, exposeHeadRoute: false },
    async (request, reply) => {
      const { provider } = request.params
      const callback = { provider, query: queryOf(request), browserId: oauthBrowser.read(request) }
      // With cookies: the sign-in is that of every tab of the browser that has no token of its own.
      const client: ClientContext = { ...clientOf(request), reach: { kind: 'browser' } }
      const outcome = await oauth.finish(callback, client)
      return reply.redirect(concludeAt(deps, request, reply, outcome), SEE_OTHER)
    },
  )
}

/** The caller's accounts elsewhere: for a guarded scope that labels every client. */
export function registerIdentityRoutes(scope: TypedServer, deps: ProviderRoutesDeps): void {
  const { oauth } = deps
  scope.get(
    '/me/identities',
    { schema: LIST_IDENTITIES_SCHEMA, config: { operation: 'listIdentities' } },
    async (request) => toSignInWaysJson(await oauth.identities(principalOf(request))),
  )
  scope.post(
    '/me/identities/:provider',
    { schema: LINK_IDENTITY_SCHEMA, config: { operation: 'linkIdentity' } },
    async (request, reply) => {
      const start = { ...startOf(deps, request, reply), returnTo: request.body?.returnTo }
      return { url: await oauth.startLink(start, principalOf(request), clientOf(request)) }
    },
  )
  scope.delete(
    '/me/identities/:provider',
    { schema: UNLINK_IDENTITY_SCHEMA, config: { operation: 'unlinkIdentity' } },
    async (request, reply) => {
      await oauth.unlink(principalOf(request), request.params.provider)
      return reply.code(204).send(null)
    },
  )
}

function startOf(
  { oauthBrowser, publicOrigin }: ProviderRoutesDeps,
  request: FastifyRequest<{ Params: { provider: string } }>,
  reply: FastifyReply,
) {
  return {
    provider: request.params.provider,
    origin: publicOrigin === '' ? `${request.protocol}://${request.host}` : publicOrigin,
    browserId: oauthBrowser.mark(request, reply),
  }
}

/** Where the browser goes on, with its cookies set. Throws the failure to whoever is no browser. */
function concludeAt(
  { oauthBrowser, secureCookies }: ProviderRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { returnTo, signIn, failure }: OauthOutcome,
): string {
  if (failure) {
    if (request.headers.accept?.includes('text/html') !== true) throw failure
    // The log line says it all the same.
    request.failure = failure
    return withParameter(returnTo, 'oauth_error', failure.reason)
  }
  oauthBrowser.clear(reply)
  if (signIn) setCredentialCookies(reply, signIn, secureCookies)
  return returnTo
}

function queryOf(request: FastifyRequest): string {
  const at = request.url.indexOf('?')
  return at < 0 ? '' : request.url.slice(at + 1)
}
