import { type App, type AppOptions, createApp } from './create-app.js'
import type { CoreOverrides } from './create-core.js'
import { grpcService } from './grpc-service.js'
import { httpService } from './http-service.js'
import { socketService } from './socket-service.js'

/** `app up`: all three services in one process; gRPC first, since the HTTP bridge calls it. */
export function createAllInOne(options: AppOptions, overrides?: CoreOverrides): App {
  return createApp('up', [grpcService, httpService, socketService], options, overrides)
}
