import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { Registry } from 'prom-client'
import { WebSocket, type ClientOptions } from 'ws'
import type { EndedSession, Principal } from '../../src/domain/session.js'
import { toAppError, unauthenticated } from '../../src/errors/app-error.js'
import { httpStatusOf } from '../../src/errors/code.js'
import { createHub, type Hub } from '../../src/realtime/hub.js'
import type { SessionHandle, SessionHandles } from '../../src/realtime/session-handles.js'
import type { AuthenticationService } from '../../src/service/authentication-service.js'
import type { PushService } from '../../src/service/push-service.js'
import { createSocketPlugin, type SocketPluginOptions } from '../../src/socket/socket-plugin.js'
import { sampleSession } from '../contract/sample-session.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'

interface Teardown {
  teardown(action: () => unknown): void
}

/** Handles in a map, as the real one, without its counting over processes. */
export function createFakeSessionHandles(): SessionHandles {
  const handles = new Map<string, Set<SessionHandle>>()
  return {
    attach: (sessionId, handle) => {
      const set = handles.get(sessionId) ?? new Set()
      handles.set(sessionId, set.add(handle))
      return () => {
        set.delete(handle)
        if (set.size === 0 && handles.get(sessionId) === set) handles.delete(sessionId)
      }
    },
    end: (sessions) => {
      let count = 0
      for (const ended of sessions) {
        for (const handle of handles.get(ended.id) ?? []) {
          count += 1
          handle.end(ended)
        }
      }
      return count
    },
    count: (sessionId) => handles.get(sessionId)?.size ?? 0,
    sessionIds: () => [...handles.keys()],
  }
}

/** Tokens are what `grant` says; a gate holds every check back until it is opened. */
export function createFakeAuthentication(): AuthenticationService & {
  grant(token: string, principal: Partial<Principal> & { userId: string }): void
  refuse(token: string, error: unknown): void
  hold(): () => void
  calls: string[]
} {
  const known = new Map<string, Principal | { error: unknown }>()
  const calls: string[] = []
  let gate: Promise<void> = Promise.resolve()
  return {
    calls,
    grant: (token, principal) => {
      known.set(token, {
        role: 'user',
        sessionId: `session of ${principal.userId}`,
        clientId: 'client',
        session: sampleSession({ userId: principal.userId }),
        tokenExpiresAt: Number.MAX_SAFE_INTEGER,
        ...principal,
      })
    },
    refuse: (token, error) => known.set(token, { error }),
    hold: () => {
      let open = (): void => {}
      gate = new Promise((resolve) => (open = resolve))
      return open
    },
    authenticate: async (token) => {
      calls.push(token)
      await gate
      const found = known.get(token)
      if (found === undefined) throw unauthenticated('token_malformed', 'This is no token.')
      if ('error' in found) throw found.error
      return found
    },
  }
}

export interface SocketServer {
  readonly app: FastifyInstance
  readonly hub: Hub
  readonly handles: SessionHandles
  readonly authentication: ReturnType<typeof createFakeAuthentication>
  readonly clock: ReturnType<typeof createFakeClock>
  readonly logger: ReturnType<typeof createMemoryLogger>
  readonly registry: Registry
  readonly port: number
  connect(path: string, options?: ClientOptions): Promise<Client>
  endSession(sessionId: string, reason: EndedSession['reason']): number
}

export const API_KEY = 'test-api-key'

/** A small server with the socket plugin and an error handler in the manner of the real one. */
export async function startSocketServer(
  t: Teardown,
  options: Partial<SocketPluginOptions> & { connectionsMax?: number; push?: PushService } = {},
): Promise<SocketServer> {
  const hub = createHub({
    connectionsMax: options.connectionsMax ?? 1_000,
    registrationsPerConnectionMax: 3,
  })
  const handles = createFakeSessionHandles()
  const authentication = createFakeAuthentication()
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const registry = new Registry()
  const push: PushService = options.push ?? {
    push: async ({ userId, event, message }) => ({
      delivered: hub.push(userId, event, message),
      processes: { asked: 1, answered: 1 },
    }),
  }
  const app = fastify()
  app.setErrorHandler((thrown, request, reply) => {
    const status = (thrown as { statusCode?: number }).statusCode
    const error = toAppError(thrown)
    const { code, reason, message, details } = error
    reply.code(status ?? httpStatusOf(error)).type('application/problem+json')
    const body = { status: reply.statusCode, code, reason, detail: message, details }
    return reply.send(JSON.stringify({ ...body, requestId: request.id }))
  })
  // Like the health routes of the real server: a scope that is there before the plugin comes.
  await app.register(async (scope) => {
    scope.get('/earlier', async () => ({ earlier: true }))
  })
  await app.register(
    createSocketPlugin(
      {
        hub,
        sessionHandles: handles,
        authentication,
        push,
        apiKeyGuard: async (request: FastifyRequest) => {
          if (request.headers['x-api-key'] === API_KEY) return
          throw unauthenticated('api_key_invalid', 'The API key is missing or wrong.')
        },
        logger,
        clock,
        registry,
      },
      {
        allowedOrigins: [],
        allowedAddresses: [],
        frameBytesMax: 65_536,
        queueBytesMax: 1_048_576,
        idleTimeoutMs: 30_000,
        pingIntervalMs: 10_000,
        registrationTimeoutMs: 10_000,
        tokenGraceMs: 5_000,
        messagesPerSecondMax: 10_000,
        closeTimeoutMs: 200,
        ...options,
      },
    ),
  )
  app.get('/plain', async () => ({ plain: true }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return {
    app,
    hub,
    handles,
    authentication,
    clock,
    logger,
    registry,
    port,
    connect: (path, clientOptions) => connect(t, `ws://127.0.0.1:${port}${path}`, clientOptions),
    endSession: (id, reason) => handles.end([{ id, userId: 'any', reason }]),
  }
}

export interface Client {
  readonly socket: WebSocket
  /** Text frames as they came; binary ones as Buffer. */
  readonly received: (string | Buffer)[]
  /** Resolves with the close that the server sent. */
  readonly closed: Promise<{ code: number; reason: string }>
  send(frame: unknown): void
  /** Waits for the nth frame, counted from 1. */
  frame(count: number): Promise<string | Buffer>
}

async function connect(t: Teardown, url: string, options: ClientOptions = {}): Promise<Client> {
  const socket = new WebSocket(url, options)
  t.teardown(() => socket.terminate())
  const received: (string | Buffer)[] = []
  socket.on('message', (data: Buffer, isBinary) => {
    received.push(isBinary ? data : data.toString())
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await once(socket, 'open')
  socket.on('error', () => {})
  return {
    socket,
    received,
    closed,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    frame: async (count) => {
      await waitFor(`frame ${count}`, () => received.length >= count)
      return received[count - 1] ?? ''
    },
  }
}

/** The status and body of the refusal that a WebSocket request gets; fails when it is accepted. */
export async function refusal(
  url: string,
  options: ClientOptions = {},
): Promise<{ status: number | undefined; body: Record<string, unknown> }> {
  const socket = new WebSocket(url, options)
  return new Promise((resolve, reject) => {
    socket.on('error', () => {})
    socket.once('open', () => reject(new Error('the upgrade was accepted')))
    socket.once('unexpected-response', (_request, response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        socket.terminate()
        resolve({ status: response.statusCode, body: JSON.parse(text) as Record<string, unknown> })
      })
    })
  })
}
