import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js'
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
): (method: string, request: object) => Promise<Record<string, unknown>> {
  const { proto, path } = SERVICES[service]
  const client = new (clientClass(proto, path))(address, credentials.createInsecure())
  t.teardown(() => client.close())
  return (method, request) => {
    const metadata = new Metadata()
    if (apiKey !== null) metadata.set('x-api-key', apiKey)
    return new Promise((resolve, reject) => {
      ;(client[method] as Unary).call(client, request, metadata, (error, response) => {
        if (error) reject(error)
        else resolve(response ?? {})
      })
    })
  }
}
