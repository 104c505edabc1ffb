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
import { createPushService, type PushService } from '../../src/service/push-service.js'
import { createChannels } from '../../src/realtime/channels.js'
import { createClientRegistry } from '../../src/realtime/client-registry.js'
import { createEmulationSessions } from '../../src/realtime/emulation-sessions.js'
import { createNamespaces, type NamespaceRules } from '../../src/realtime/namespace.js'
import { createPresenceKeeper } from '../../src/realtime/presence-keeper.js'
import { createReceiptLog } from '../../src/realtime/receipt-log.js'
import { createChannelCounts } from '../../src/realtime/channel-counts.js'
import { createEmulationService } from '../../src/service/emulation-service.js'
import { createRealtimeService, type RealtimeService } from '../../src/service/realtime-service.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createSubscriptionTokens } from '../../src/auth/subscription-tokens.js'
import type {
  CentrifugeDeps,
  CentrifugeOptions,
} from '../../src/socket/protocols/centrifuge/centrifuge-deps.js'
import { createSocketPlugin, type SocketPluginOptions } from '../../src/socket/socket-plugin.js'
import { sampleSession } from '../contract/sample-session.js'
import { createFakeBroker, type FakeBroker } from '../helpers/fake-broker.js'
import { createMemoryChannels, type MemoryChannels } from '../helpers/memory-channel-broker.js'
import { createTestKey, createTestRing } from '../helpers/test-keys.js'
import { OPEN_RULES, STREAM_RULES } from '../realtime/channel-rules.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'

interface Teardown {
  teardown(action: () => unknown): void
}

/** Handles in a map, as the real one, without its counting over processes. */
export function createFakeSessionHandles(): SessionHandles {
  const handles = new Map<string, Set<SessionHandle>>()
  const end: SessionHandles['end'] = (sessions) => {
    let count = 0
    for (const ended of sessions) {
      for (const handle of handles.get(ended.id) ?? []) {
        count += 1
        handle.end(ended)
      }
    }
    return count
  }
  return {
    attach: (sessionId, handle) => {
      const set = handles.get(sessionId) ?? new Set()
      handles.set(sessionId, set.add(handle))
      return () => {
        set.delete(handle)
        if (set.size === 0 && handles.get(sessionId) === set) handles.delete(sessionId)
      }
    },
    end,
    endFound: end,
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
  readonly line: MemoryChannels
  readonly centrifuge: CentrifugeDeps
  readonly realtime: RealtimeService
  connect(path: string, options?: ClientOptions): Promise<Client>
  endSession(sessionId: string, reason: EndedSession['reason']): number
}

export const API_KEY = 'test-api-key'
const key = createTestKey('ES256')

/** The namespaces of the tests. */
const NAMESPACES: Readonly<Record<string, Partial<NamespaceRules>>> = {
  user: { ...STREAM_RULES, subscribe: ['owner'], publish: [] },
  open: {},
  kept: STREAM_RULES,
  room: { ...STREAM_RULES, presence: true, joinLeave: true, subscribe: ['signed-in'] },
  gate: { ...STREAM_RULES, subscribe: ['token'], publish: ['subscriber'], presence: true },
  mine: { subscribe: ['owner'], publish: ['owner'] },
  latest: { delivery: 'latest' },
  loose: { delivery: 'droppable' },
}

interface SocketServerOptions extends Partial<Omit<SocketPluginOptions, 'centrifuge'>> {
  readonly connectionsMax?: number
  readonly push?: PushService
  readonly centrifuge?: Partial<CentrifugeOptions>
  readonly rpc?: CentrifugeDeps['rpc']
  readonly onMessage?: CentrifugeDeps['onMessage']
  /** What connects this server with others that are given the same. */
  readonly line?: MemoryChannels
  readonly broker?: FakeBroker
  readonly processId?: string
  readonly namespaces?: Readonly<Record<string, Partial<NamespaceRules>>>
  readonly busyWindowMs?: number
  readonly positionCheckMs?: number
}

/** Channels and their connections over a line that is only an object. */
async function createTestRealtime(
  t: Teardown,
  options: SocketServerOptions,
  parts: Pick<SocketServer, 'hub' | 'handles' | 'logger' | 'clock' | 'authentication'>,
) {
  const { hub, handles, logger, clock, authentication } = parts
  const line = options.line ?? createMemoryChannels()
  const shared = options.broker ?? createFakeBroker()
  const broker = { ...shared, processId: options.processId ?? 'process-1' }
  const channelBroker = line.createBroker()
  const presence = line.presence.createStore()
  const namespaces = createNamespaces(OPEN_RULES, { ...NAMESPACES, ...options.namespaces })
  const receipts = createReceiptLog()
  const channelCounts = createChannelCounts()
  const channels = createChannels(
    {
      ...{ broker: channelBroker, receipts, logger },
      counts: channelCounts,
    },
    {
      ...{ recoveryMax: 100, positionCheckMs: options.positionCheckMs ?? 60_000, idleMs: 60_000 },
      ...{ joinLeaveThreshold: 50, joinLeaveWindowMs: 20, busyWindowMs: options.busyWindowMs ?? 0 },
    },
  )
  const presenceKeeper = createPresenceKeeper({
    ...{ broker: channelBroker, presence, logger, refreshMs: 60_000 },
    findChannel: (channel) => (channel.startsWith('$') ? null : namespaces.find(channel)),
  })
  const clients = createClientRegistry()
  const emulation = createEmulationSessions()
  const core = { processId: broker.processId, handles, hub, clients, channels, receipts, emulation }
  await broker.start(createSurveyHandlers(surveyDeps(core)), () => undefined)
  await channels.start()
  await presenceKeeper.start()
  t.teardown(() => Promise.all([channels.close(), presenceKeeper.close()]))
  const tokens = { issuer: 'house', audience: 'house', lifetimeSecondsMax: 600 }
  const subscriptionTokens = createSubscriptionTokens({
    ...{ keyRing: createTestRing(key), clock, ...tokens, clockSkewSeconds: 0 },
  })
  const centrifuge: CentrifugeDeps = {
    ...{ processId: broker.processId, authentication, sessionHandles: handles, subscriptionTokens },
    ...{ namespaces, channels, channelBroker, presence, presenceKeeper, clients, clock, logger },
    rpc: options.rpc ?? new Map(),
    ...(options.onMessage ? { onMessage: options.onMessage } : {}),
  }
  const surveyTimeoutMs = 100
  return {
    ...{ line, centrifuge, emulation, channelCounts, broker },
    realtime: createRealtimeService({
      ...{ namespaces, channelBroker, presence, broker, surveyTimeoutMs: 1_000 },
    }),
    push: options.push ?? createPushService({ broker, surveyTimeoutMs }),
    emulationService: createEmulationService({ broker, emulation, surveyTimeoutMs }),
  }
}

/** A small server with the socket plugin and an error handler in the manner of the real one. */
export async function startSocketServer(
  t: Teardown,
  options: SocketServerOptions = {},
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
  const parts = { hub, handles, authentication, clock, logger }
  const realtime = await createTestRealtime(t, options, parts)
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
        ...parts,
        ...realtime,
        sessionHandles: handles,
        apiKeyGuard: async (request: FastifyRequest) => {
          if (request.headers['x-api-key'] === API_KEY) return
          throw unauthenticated('api_key_invalid', 'The API key is missing or wrong.')
        },
        credentialOf: ({ headers }) => /_at=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? null,
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
        connectionsPerAddressMax: 0,
        drainWindowMs: 0,
        drainDeadlineMs: 60_000,
        subscriptionTokenSeconds: 600,
        ...options,
        centrifuge: {
          registrationTimeoutMs: options.registrationTimeoutMs ?? 10_000,
          tokenGraceMs: options.tokenGraceMs ?? 5_000,
          pingIntervalMs: 25_000,
          pongTimeoutMs: 8_000,
          rotationMs: 0,
          anonymous: false,
          connectionsPerUserMax: 0,
          subscriptionsPerConnectionMax: 16,
          historyLimitMax: 100,
          ...options.centrifuge,
        },
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
    line: realtime.line,
    centrifuge: realtime.centrifuge,
    realtime: realtime.realtime,
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
