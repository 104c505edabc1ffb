import type { FastifyRequest } from 'fastify'
import type { Principal } from '../../domain/session.js'
import { AppError, toAppError, unauthenticated } from '../../errors/app-error.js'
import type { AuthenticationService } from '../../service/authentication-service.js'
import { readBearer } from '../bearer.js'
import { type CookieNames, readCookies } from '../cookie.js'
import { crossSiteRequest, isSafeMethod, type RequestSource } from '../cross-site.js'
import type { TypedServer } from '../fastify-types.js'

export interface AuthenticationDeps {
  readonly authentication: AuthenticationService
  readonly cookies: CookieNames
  readonly sourceOf: (request: FastifyRequest) => RequestSource
}

/**
 * Guards a scope: every route of it, whatever its path, is answered only for a live session. The check runs
 * before the body is read.
 */
export function registerAuthentication(scope: TypedServer, deps: AuthenticationDeps): void {
  scope.addHook('onRequest', async (request) => {
    request.principal = await authenticateRequest(deps, request)
  })
}

/** Who is calling, in a guarded scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal) return request.principal
  throw new Error('the route is not in a guarded scope')
}

/**
 * A Bearer token or the access cookie. Both together must belong to one session; a cookie that no longer
 * opens anything does not count. A cookie comes along with requests that other sites make, so with it a
 * change must come from our own page.
 */
export async function authenticateRequest(
  deps: AuthenticationDeps,
  request: FastifyRequest,
): Promise<Principal> {
  const bearer = readBearer(request.raw)
  const { access } = readCookies(request.headers.cookie, deps.cookies)
  if (bearer !== null) {
    const principal = await deps.authentication.authenticate(bearer)
    if (access !== null && access !== bearer) await refuseOtherSession(deps, principal, access)
    return principal
  }
  if (access === null) {
    throw unauthenticated('credentials_missing', 'Sign in first: no access token was sent.')
  }
  if (!isSafeMethod(request.method) && deps.sourceOf(request) !== 'same') throw crossSiteRequest()
  return deps.authentication.authenticate(access)
}

async function refuseOtherSession(
  { authentication }: AuthenticationDeps,
  principal: Principal,
  cookieToken: string,
): Promise<void> {
  let sessionId: string
  try {
    sessionId = (await authentication.authenticate(cookieToken)).sessionId
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'UNAUTHENTICATED') return
    throw error
  }
  if (sessionId === principal.sessionId) return
  throw new AppError(
    'INVALID_ARGUMENT',
    'credentials_ambiguous',
    'The Authorization header and the cookie belong to different sessions.',
  )
}
