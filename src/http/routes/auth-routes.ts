import type { FastifyReply } from 'fastify'
import type { AccountService } from '../../service/account-service.js'
import type { CredentialService } from '../../service/credential-service.js'
import type { SessionService } from '../../service/session-service.js'
import { cookieNames, readCookies } from '../cookie.js'
import type { SignInReach } from '../../domain/client.js'
import type { Tab, TabService } from '../../service/tab-service.js'
import { clearCredentialCookies, setCredentialCookies } from '../credential-cookies.js'
import type { TypedServer } from '../fastify-types.js'
import { principalOf } from '../plugins/authentication.js'
import { clientOf } from '../plugins/client.js'
import { chooseRefreshToken, isSessionOver } from '../refresh-token.js'
import {
  LOGIN_SCHEMA,
  LOGOUT_SCHEMA,
  REFRESH_SCHEMA,
  REGISTER_SCHEMA,
  RESET_PASSWORD_SCHEMA,
  toSignInJson,
} from '../schemas/auth-schema.js'
import { toUserJson } from '../schemas/user-schema.js'
import { resolveSentTab } from '../session-id.js'

export interface AuthRoutesDeps {
  readonly accounts: AccountService
  readonly credentials: CredentialService
  readonly sessions: SessionService
  readonly tabs: Pick<TabService, 'resolve'>
  readonly secureCookies: boolean
}

/** Register, sign in, refresh: for a public scope that labels clients and refuses other sites. */
export function registerAuthRoutes(scope: TypedServer, deps: AuthRoutesDeps): void {
  const { accounts, credentials, sessions, tabs, secureCookies } = deps
  const names = cookieNames(secureCookies)

  scope.post(
    '/auth/register',
    { schema: REGISTER_SCHEMA, config: { operation: 'register' } },
    async (request, reply) => {
      const user = await accounts.register(request.body, clientOf(request).address)
      return reply.code(201).send({ user: toUserJson(user) })
    },
  )
  scope.post(
    '/auth/login',
    { schema: LOGIN_SCHEMA, config: { operation: 'login' } },
    async (request, reply) => {
      const { username, password, remember = false, useCookies = false } = request.body
      const client = clientOf(request)
      const tab = await resolveSentTab(tabs, request, client.clientId)
      const reach = reachOf(useCookies, tab)
      const signIn = await sessions.login(
        { login: username, password, remember },
        { ...client, ...(reach && { reach }) },
      )
      if (useCookies) setCredentialCookies(reply, signIn, secureCookies)
      return toSignInJson(signIn)
    },
  )
  scope.post(
    '/auth/refresh_token',
    { schema: REFRESH_SCHEMA, config: { operation: 'refreshToken' } },
    async (request, reply) => {
      const { refresh } = readCookies(request.headers.cookie, names)
      const { token, fromCookie } = chooseRefreshToken(request.body?.refreshToken, refresh)
      const signIn = await sessions.refresh(token, clientOf(request)).catch((thrown: unknown) => {
        if (fromCookie) clearWhenOver(thrown, reply, secureCookies)
        throw thrown
      })
      if (fromCookie) setCredentialCookies(reply, signIn, secureCookies)
      return toSignInJson(signIn)
    },
  )
  scope.post(
    '/auth/reset_password',
    { schema: RESET_PASSWORD_SCHEMA, config: { operation: 'resetPassword' } },
    async (request, reply) => {
      await credentials.resetPassword(request.body, clientOf(request).address)
      return reply.code(204).send(null)
    },
  )
}

/** Sign out: for a guarded scope. */
export function registerLogoutRoute(
  scope: TypedServer,
  deps: Pick<AuthRoutesDeps, 'sessions' | 'secureCookies'>,
): void {
  scope.post(
    '/auth/logout',
    { schema: LOGOUT_SCHEMA, config: { operation: 'logout' } },
    async (request, reply) => {
      await deps.sessions.logout(principalOf(request))
      clearCredentialCookies(reply, deps.secureCookies)
      return reply.code(204).send(null)
    },
  )
}

/** Which tabs a sign-in belongs to: with cookies all of the browser, else the one that said which it is. */
function reachOf(useCookies: boolean, tab: Tab | null): SignInReach | null {
  if (useCookies) return { kind: 'browser' }
  return tab && { kind: 'tab', tabId: tab.id }
}

function clearWhenOver(thrown: unknown, reply: FastifyReply, secureCookies: boolean): void {
  if (isSessionOver(thrown)) clearCredentialCookies(reply, secureCookies)
}
