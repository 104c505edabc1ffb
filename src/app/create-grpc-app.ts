import { type App, type AppOptions, createApp } from './create-app.js'
import type { CoreOverrides } from './create-core.js'
import { grpcService } from './grpc-service.js'

/** `app grpc`: the gRPC service in a process of its own. */
export function createGrpcApp(options: AppOptions, overrides?: CoreOverrides): App {
  return createApp('grpc', [grpcService], options, overrides)
}
