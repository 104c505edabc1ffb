import type { FastifyRequest } from 'fastify'
import { type CookieNames, readCookies } from '../cookie.js'
import { crossSiteRequest, isSafeMethod, type RequestSource } from '../cross-site.js'
import type { TypedServer } from '../fastify-types.js'

export interface SameSiteDeps {
  readonly cookies: CookieNames
  readonly sourceOf: (request: FastifyRequest) => RequestSource
}

/**
 * Refuses changes that another site's page asks for, in a scope whose routes set or use credential cookies:
 * signing a visitor in under a stranger's account is an attack too. A caller that is no browser tells
 * nothing about itself; it passes as long as it sends no credential cookie.
 */
export function registerSameSite(scope: TypedServer, deps: SameSiteDeps): void {
  scope.addHook('onRequest', (request, _reply, done) => {
    if (isSafeMethod(request.method) || !isForeignAsk(deps, request)) done()
    else done(crossSiteRequest())
  })
}

/** Whether another site's page makes this request, or may make it with the cookies of a visitor. */
export function isForeignAsk(deps: SameSiteDeps, request: FastifyRequest): boolean {
  const source = deps.sourceOf(request)
  const cookies = readCookies(request.headers.cookie, deps.cookies)
  const hasCredential = cookies.access !== null || cookies.refresh !== null
  return source === 'foreign' || (source === 'unknown' && hasCredential)
}
