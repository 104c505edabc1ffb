import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Test } from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { API_KEY } from './app-process.js'

type Unary = (
  request: object,
  metadata: Metadata,
  callback: (error: ServiceError | null, response?: Record<string, unknown>) => void,
) => void

interface Client {
  close(): void
  [method: string]: Unary | (() => void)
}

type ClientClass = new (address: string, channelCredentials: unknown) => Client

const SERVICES = {
  hello: { proto: 'hello/hello.proto', path: ['hello', 'HelloService'] },
  session: { proto: 'gatehouse/v1/session.proto', path: ['gatehouse', 'v1', 'SessionService'] },
  realtime: { proto: 'gatehouse/v1/realtime.proto', path: ['gatehouse', 'v1', 'RealtimeService'] },
} as const

function clientClass(proto: string, path: readonly string[]): ClientClass {
  const definition = loadSync(proto, {
    includeDirs: [`${PACKAGE_ROOT}protos`],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  })
  let node: unknown = loadPackageDefinition(definition)
  for (const name of path) node = (node as Record<string, unknown>)[name]
  return node as ClientClass
}

/** A plain client of one of our services: calls by method name, rejects with the ServiceError. */
export function openGrpcClient(
  t: Test,
  address: string,
  service: keyof typeof SERVICES,
  apiKey: string | null = API_KEY,
): (
  method: string,
  request: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<Record<string, unknown>> {
  const { proto, path } = SERVICES[service]
  const client = new (clientClass(proto, path))(address, credentials.createInsecure())
  t.teardown(() => client.close())
  return (method, request, headers = {}) => {
    const metadata = metadataOf({ ...(apiKey !== null && { 'x-api-key': apiKey }), ...headers })
    return new Promise((resolve, reject) => {
      ;(client[method] as Unary).call(client, request, metadata, (error, response) => {
        if (error) reject(error)
        else resolve(response ?? {})
      })
    })
  }
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

/** A stream of messages from the session service. */
export interface GrpcStream {
  /** The messages so far. */
  readonly received: Record<string, unknown>[]
  /** Resolves with the failure that ends the stream, and the instant. */
  readonly failed: Promise<{ readonly code: number; readonly reason: string; readonly at: number }>
}

/** Follows the ended sessions with the access token of an administrator; cancelled with the test. */
export function watchRevocations(t: Test, address: string, accessToken: string): GrpcStream {
  const { proto, path } = SERVICES.session
  const Service = clientClass(proto, path)
  const client = new Service(address, credentials.createInsecure())
  const watch = client['WatchRevocations'] as unknown as (
    request: object,
    metadata: Metadata,
  ) => ClientReadableStream<Record<string, unknown>>
  const metadata = metadataOf({ authorization: `Bearer ${accessToken}` })
  const stream = watch.call(client, {}, metadata)
  t.teardown(() => {
    stream.cancel()
    client.close()
  })
  const received: Record<string, unknown>[] = []
  stream.on('data', (message: Record<string, unknown>) => received.push(message))
  const failed = new Promise<{ code: number; reason: string; at: number }>((resolve) => {
    stream.on('error', (error) => {
      const { code, metadata: trailers } = error as ServiceError
      resolve({ code, reason: String(trailers.get('reason')[0]), at: performance.now() })
    })
  })
  return { received, failed }
}
