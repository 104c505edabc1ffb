import { Writable } from 'node:stream'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { FastifyInstance } from 'fastify'
import type { AuditLog } from '../../src/domain/audit.js'
import type { ClientLabeler } from '../../src/domain/client.js'
import type { Readiness } from '../../src/domain/health.js'
import type { HelloClient } from '../../src/domain/hello.js'
import { type Principal, sessionOver } from '../../src/domain/session.js'
import type { PublicKeySource } from '../../src/domain/token.js'
import { userNotFound } from '../../src/domain/user.js'
import { AppError, unauthenticated } from '../../src/errors/app-error.js'
import type { AuthenticationService } from '../../src/service/authentication-service.js'
import type { TokenInspectionService } from '../../src/service/token-inspection-service.js'
import type { SessionService } from '../../src/service/session-service.js'
import type { TabService } from '../../src/service/tab-service.js'
import { createServer, type ServerDeps, type ServerOptions } from '../../src/http/create-server.js'
import {
  type HttpRoutesDeps,
  type HttpRoutesOptions,
  registerHttpRoutes,
} from '../../src/http/register-http-routes.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

import {
  createFakeAccounts,
  createFakeCredentials,
  createFakeOauth,
  createFakeUserAdmin,
} from './http-account-fakes.js'
import { ALICE, type Call, END_RESULT, SESSION, SIGN_IN } from './http-sample.js'

export { createFakeAccounts } from './http-account-fakes.js'
export { ALICE, type Call, END_RESULT, SESSION, SIGN_IN } from './http-sample.js'

export const API_KEY = 'test-api-key'
export const CLIENT_SECRET = 'secret-of-thirty-two-characters!'
export const OAUTH = {
  clients: [`billing:${CLIENT_SECRET}`],
  issuer: 'https://gatehouse.test',
  audience: 'gatehouse',
}

/** One log line as pino writes it. */
export type LogRecord = Readonly<Record<string, unknown>>

/** A pino logger that keeps its lines. */
export function createRecordingLogger(): { logger: ServerDeps['logger']; lines: LogRecord[] } {
  const lines: LogRecord[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as LogRecord)
      done()
    },
  })
  return { logger: pino({ level: 'debug', base: null }, stream), lines }
}

/** Knows `access-<n>` as a token of session `session-<n>`, `admin` as one of an administrator, and some that fail in a known way. */
export function createFakeAuthentication(): AuthenticationService {
  return {
    authenticate(token) {
      if (token === 'ended') return Promise.reject(sessionOver('ended_by_user'))
      if (token === 'store-down') {
        return Promise.reject(new AppError('UNAVAILABLE', 'store_unavailable', 'Try again soon.'))
      }
      if (token === 'admin') return Promise.resolve({ ...principal('session-9'), role: 'admin' })
      const [, number] = /^access-(\d)(?:-other)?$/.exec(token) ?? []
      return number === undefined
        ? Promise.reject(unauthenticated('token_malformed', 'The token is malformed.'))
        : Promise.resolve(principal(`session-${number}`))
    },
  }
}

function principal(sessionId: string): Principal {
  return {
    userId: ALICE.id,
    role: 'user',
    sessionId,
    clientId: SESSION.clientId,
    session: { ...SESSION, id: sessionId },
    tokenExpiresAt: Date.UTC(2026, 0, 3),
  }
}

/** A session service that notes its calls; alice's password is `correct-password`. */
export function createFakeSessions(calls: Call[] = []): SessionService {
  return {
    login(input, client) {
      calls.push(['login', input, client])
      return input.login === 'alice' && input.password === 'correct-password'
        ? Promise.resolve(SIGN_IN)
        : Promise.reject(unauthenticated('credentials_invalid', 'Wrong username or password.'))
    },
    start(user, options, client) {
      calls.push(['start', user, options, client])
      return Promise.resolve(SIGN_IN)
    },
    refresh(token, client) {
      calls.push(['refresh', token, client])
      if (token === 'refresh-1') {
        return Promise.resolve({ ...SIGN_IN, accessToken: 'access-2', refreshToken: 'refresh-2' })
      }
      return Promise.reject(
        token === 'reused'
          ? sessionOver('reuse_detected')
          : unauthenticated('token_expired', 'Old.'),
      )
    },
    logout(caller) {
      calls.push(['logout', caller])
      return Promise.resolve(END_RESULT)
    },
    list(caller) {
      calls.push(['list', caller])
      return Promise.resolve([{ ...SESSION, current: true, connections: 2 }])
    },
    end(caller, sessionId) {
      calls.push(['end', caller, sessionId])
      return sessionId === SESSION.id
        ? Promise.resolve(END_RESULT)
        : Promise.reject(
            new AppError('NOT_FOUND', 'session_not_found', 'There is no such session.'),
          )
    },
    endOthers(caller) {
      calls.push(['endOthers', caller])
      return Promise.resolve(END_RESULT)
    },
    endClient(caller, clientId) {
      calls.push(['endClient', caller, clientId])
      return Promise.resolve(END_RESULT)
    },
    listForUser(userId) {
      calls.push(['listForUser', userId])
      return userId === ALICE.id
        ? Promise.resolve([{ ...SESSION, current: false, connections: 2 }])
        : Promise.reject(userNotFound())
    },
    endAsAdmin(target, actor) {
      calls.push(['endAsAdmin', target, actor])
      return Promise.resolve(END_RESULT)
    },
    listForUsers: () => Promise.resolve(new Map()),
    current(caller) {
      calls.push(['current', caller])
      return Promise.resolve({ user: ALICE, session: SESSION })
    },
  }
}

/** Knows `access-1` as a good token. */
export function createFakeTokenInspection(calls: Call[] = []): TokenInspectionService {
  return {
    introspect(token) {
      calls.push(['introspect', token])
      if (token === 'store-down') return Promise.reject(storeDown())
      const claims = {
        userId: ALICE.id,
        sessionId: SESSION.id,
        tokenId: 'token-1',
        role: 'user',
        keyId: 'k1',
        issuedAt: Date.UTC(2026, 0, 1),
        expiresAt: Date.UTC(2026, 0, 1, 0, 10),
      } as const
      return Promise.resolve(token === 'access-1' ? { claims, user: ALICE } : null)
    },
    revoke(token, address) {
      calls.push(['revoke', token, address])
      return token === 'store-down' ? Promise.reject(storeDown()) : Promise.resolve()
    },
  }
}

function storeDown(): AppError {
  return new AppError('UNAVAILABLE', 'store_unavailable', 'Try again soon.')
}

/** One event in the audit log. */
export function createFakeAuditReader(calls: Call[] = []): Pick<AuditLog, 'list'> {
  return {
    list(query) {
      calls.push(['listAudit', query])
      const event = {
        id: 7,
        type: 'user.frozen',
        at: Date.UTC(2026, 0, 1),
        actorId: null,
        userId: ALICE.id,
        sessionId: null,
        address: '127.0.0.1',
        data: { note: 'x', count: 1, done: true },
      } as const
      return Promise.resolve({ events: [event], next: 7 })
    },
  }
}

/** Labels `client-<n>.mac`; what does not end in `.mac` is forged. */
export function createFakeLabeler(): ClientLabeler {
  let issued = 0
  return {
    issue() {
      issued += 1
      return { clientId: `client-${issued}`, cookieValue: `client-${issued}.mac` }
    },
    read: (value) => (value?.endsWith('.mac') ? value.slice(0, -'.mac'.length) : null),
  }
}

/** Knows `tab-<n>` of `client-1`; anything else is forged. */
export function createFakeTabs(): Pick<TabService, 'resolve'> {
  return {
    resolve(token, clientIds) {
      if (!token?.startsWith('tab-')) {
        return Promise.reject(unauthenticated('token_malformed', 'The token is malformed.'))
      }
      if (!clientIds.includes('client-1')) {
        const message = 'This tab token belongs to another browser.'
        return Promise.reject(new AppError('PERMISSION_DENIED', 'tab_foreign', message))
      }
      return Promise.resolve({ id: token, clientId: 'client-1', needsToken: false })
    },
  }
}

export const FAKE_KEYS: PublicKeySource = {
  publicKeySet: () => ({ keys: [{ kty: 'RSA', kid: 'k1', n: 'AQAB', e: 'AQAB', d: 'private' }] }),
}

export const FAKE_HELLO: HelloClient = {
  sayHello: (id) => Promise.resolve({ id, name: 'world' }),
}

export const READY: Readiness = {
  isReady: () => true,
  check: () => Promise.resolve({ ready: true, parts: { sql: 'ok' } }),
}

export const SERVER_OPTIONS: ServerOptions = {
  bodyBytesMax: 65_536,
  headerBytesMax: 8_192,
  requestTimeoutMs: 10_000,
  connectionsMax: 100,
  trustedProxies: [],
  secureCookies: false,
}

export interface TestServer {
  readonly server: FastifyInstance
  readonly lines: LogRecord[]
  readonly calls: Call[]
}

export interface TestServerOverrides {
  readonly deps?: Partial<ServerDeps>
  readonly options?: Partial<ServerOptions>
  readonly routesDeps?: Partial<HttpRoutesDeps>
  readonly routesOptions?: Partial<HttpRoutesOptions>
  readonly prepare?: (server: FastifyInstance) => void
}

/** The base server without the REST routes. */
export function createTestServer(overrides: TestServerOverrides = {}): TestServer {
  const { logger, lines } = createRecordingLogger()
  const deps: ServerDeps = {
    logger,
    readiness: READY,
    registry: new Registry(),
    apiKey: API_KEY,
    serviceName: 'http',
    ...overrides.deps,
  }
  const options = { ...SERVER_OPTIONS, ...overrides.options }
  return { server: createServer(deps, options, overrides.prepare), lines, calls: [] }
}

/** The whole HTTP service, on fakes. */
export function createTestHttp(overrides: TestServerOverrides = {}): TestServer {
  const made = createTestServer(overrides)
  registerHttpRoutes(
    made.server,
    {
      authentication: createFakeAuthentication(),
      sessions: createFakeSessions(made.calls),
      accounts: createFakeAccounts(made.calls),
      credentials: createFakeCredentials(made.calls),
      userAdmin: createFakeUserAdmin(made.calls),
      tokenInspection: createFakeTokenInspection(made.calls),
      auditReader: createFakeAuditReader(made.calls),
      publicKeys: FAKE_KEYS,
      hello: FAKE_HELLO,
      oauth: createFakeOauth(made.calls),
      clientLabeler: createFakeLabeler(),
      oauthLabeler: createFakeLabeler(),
      tabs: createFakeTabs(),
      environment: 'test',
      openapiFile: `${PACKAGE_ROOT}package.json`,
      ...overrides.routesDeps,
    },
    {
      secureCookies: overrides.options?.secureCookies ?? false,
      allowedOrigins: [],
      oauth: OAUTH,
      publicOrigin: '',
      ...overrides.routesOptions,
    },
  )
  return made
}
