import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { Principal } from '../../src/domain/session.js'
import { unauthenticated } from '../../src/errors/app-error.js'
import {
  createGrpcServer,
  type GrpcServer,
  type GrpcServerDeps,
  type GrpcServerOptions,
} from '../../src/grpc/create-grpc-server.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createHelloService } from '../../src/service/hello-service.js'
import { sampleSession } from '../contract/sample-session.js'
import { createRevocationFeed } from '../../src/service/revocation-feed.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createMemoryRevocationLog } from '../helpers/memory-revocation-log.js'

export const API_KEY = 'test-api-key'
export const GOOD_TOKEN = 'good.access.token'
export const SAY_HELLO = '/hello.HelloService/SayHello'
export const VERIFY = '/gatehouse.v1.SessionService/Verify'
export const PRINCIPAL: Principal = {
  userId: 'user-1',
  role: 'admin',
  sessionId: 'session-1',
  clientId: 'client-1',
  session: sampleSession({ id: 'session-1' }),
  tokenExpiresAt: 1_800_000_000_123,
}

interface Teardown {
  teardown(fn: () => unknown): void
}

/** What a server needs, with one good token and nothing behind it. */
export function serverDeps(
  logger: ReturnType<typeof createMemoryLogger>,
  deps: Partial<GrpcServerDeps> = {},
): GrpcServerDeps {
  const clock = { now: () => PRINCIPAL.tokenExpiresAt - 600_000 }
  const nothing = { ended: 0, connectionsClosed: 0, processes: { asked: 1, answered: 1 } }
  return {
    authentication: {
      authenticate: async (token) => {
        if (token === GOOD_TOKEN) return PRINCIPAL
        throw unauthenticated('token_malformed', 'This is not an access token.')
      },
    },
    sessionTerminator: {
      endForService: async () => nothing,
      endForUser: async () => nothing,
    },
    revocations: createRevocationFeed(
      { revocationLog: createMemoryRevocationLog(), clock },
      { accessTokenSeconds: 600, pollIntervalMs: 1_000, heartbeatIntervalMs: 10_000 },
    ),
    sessionHandles: createSessionHandles(),
    hello: createHelloService(),
    readiness: readiness(() => true),
    clock,
    logger,
    apiKey: API_KEY,
    ...deps,
  }
}

export interface TestServer {
  readonly server: GrpcServer
  readonly port: number
  readonly address: string
  readonly logger: ReturnType<typeof createMemoryLogger>
}

/** A server on a free port that knows one good token; closed at teardown. */
export async function startServer(
  t: Teardown,
  deps: Partial<GrpcServerDeps> = {},
  options: Partial<GrpcServerOptions> = {},
): Promise<TestServer> {
  const logger = createMemoryLogger()
  const server = createGrpcServer(serverDeps(logger, deps), { messageBytesMax: 65_536, ...options })
  const { port } = await server.start({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close(0))
  return { server, port, address: `127.0.0.1:${port}`, logger }
}

/** A readiness whose process and parts are as `isReady` says. */
export function readiness(isReady: () => boolean): GrpcServerDeps['readiness'] {
  return {
    isReady,
    check: async () => ({ ready: isReady(), parts: { store: isReady() ? 'ok' : 'failing' } }),
  }
}

/** A plain grpc-js client, closed at teardown. */
export function connect(t: Teardown, address: string): Client {
  const client = new Client(address, credentials.createInsecure())
  t.teardown(() => {
    client.close()
  })
  return client
}

export type Metadatum = readonly [name: string, value: string | Buffer]

export function metadataOf(entries: readonly Metadatum[]): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of entries) metadata.add(name, value)
  return metadata
}

/** One unary call with raw bytes; rejects with the ServiceError. */
export function callRaw(
  client: Client,
  path: string,
  request: Buffer,
  entries: readonly Metadatum[] = [],
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
      metadataOf(entries),
      { deadline: Date.now() + 20_000 },
      (error, response) => {
        if (error) reject(error)
        else resolve(response as Buffer)
      },
    )
  })
}

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call
  } catch (thrown) {
    return thrown as ServiceError
  }
  throw new Error('the call should have failed')
}

/** A trailer of a failure. */
export function trailer(error: ServiceError, name: string): string {
  return String(error.metadata.get(name)[0] ?? '')
}
