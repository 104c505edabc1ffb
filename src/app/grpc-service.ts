import { createGrpcServer } from '../grpc/create-grpc-server.js'
import { createHelloService } from '../service/hello-service.js'
import type { RunningService, ServiceRunner } from './service-runner.js'

/** The gRPC service: greeting, session verification, health. */
export const grpcService: ServiceRunner = {
  name: 'grpc',
  async start(core, config): Promise<RunningService> {
    const { authentication, readiness, logger, registry } = core
    const server = createGrpcServer(
      {
        ...{ authentication, readiness, logger, registry },
        hello: createHelloService(),
        apiKey: config.api.key,
      },
      {
        messageBytesMax: config.grpc.messageBytesMax,
        callTimeoutMs: config.grpc.callTimeoutMs,
      },
    )
    const address = await server.start({ host: config.grpc.host, port: config.grpc.port })
    return { address, close: (deadlineMs) => server.close(deadlineMs) }
  },
}
