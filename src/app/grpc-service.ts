import type { Config } from '../config/schema.js'
import { AppError } from '../errors/app-error.js'
import { formatAddress, type ListenAddress } from '../errors/listen-error.js'
import { createGrpcServer, type GrpcServerOptions } from '../grpc/create-grpc-server.js'
import { createHelloService } from '../service/hello-service.js'
import { isLoopback } from '../util/loopback.js'
import type { RunningService, ServiceRunner } from './service-runner.js'

/** The gRPC service: greeting, sessions, live messages, health, and reflection where it is wanted. */
export const grpcService: ServiceRunner = {
  name: 'grpc',
  async start(core, config, environment): Promise<RunningService> {
    const { grpc } = config
    assertLineIsSafe(grpc, environment)
    const server = createGrpcServer(
      { ...core, hello: createHelloService(), apiKey: config.api.key },
      {
        messageBytesMax: grpc.messageBytesMax,
        callTimeoutMs: grpc.callTimeoutMs,
        reflection: grpc.reflection,
        ...tlsOf(grpc),
      },
    )
    const { health, ...address } = await server.start(
      { host: grpc.host, port: grpc.port },
      parseAddress(grpc.healthAddress),
    )
    if (health) {
      core.logger.info({ listener: 'grpc-health', address: formatAddress(health) }, 'listening')
    }
    return { address, close: (deadlineMs) => server.close(deadlineMs) }
  },
}

/** Without TLS only to this machine, and not in production. Raises INVALID_ARGUMENT (`config_invalid`). */
function assertLineIsSafe({ tls, host }: Config['grpc'], environment: string): void {
  if (tls.certFile !== '' || (environment !== 'prod' && isLoopback(host))) return
  const where = environment === 'prod' ? 'in prod' : `on ${host}, which others can reach`
  const detail =
    `expected a certificate, because gRPC without TLS is not served ${where}; ` +
    '`app certs create` makes one, APP_GRPC_TLS_CERT_FILE and APP_GRPC_TLS_KEY_FILE name it'
  const path = 'grpc.tls.certFile'
  throw new AppError(
    'INVALID_ARGUMENT',
    'config_invalid',
    `The configuration is not valid: ${path}: ${detail}`,
    { details: [{ path, message: detail }] },
  )
}

function tlsOf({ tls }: Config['grpc']): Pick<GrpcServerOptions, 'tls'> {
  const { certFile, keyFile, clientCaFile, allowedNames } = tls
  if (certFile === '') return {}
  return {
    tls: { certFile, keyFile, caFile: clientCaFile === '' ? null : clientCaFile, allowedNames },
  }
}

/** `host:port` as the configuration has checked it; undefined when empty. */
function parseAddress(text: string): ListenAddress | undefined {
  if (text === '') return undefined
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(text.slice(colon + 1)) }
}
