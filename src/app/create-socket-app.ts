import { type App, type AppOptions, createApp } from './create-app.js'
import type { CoreOverrides } from './create-core.js'
import { socketService } from './socket-service.js'

/** `app socket`: the socket service in a process of its own. */
export function createSocketApp(options: AppOptions, overrides?: CoreOverrides): App {
  return createApp('socket', [socketService], options, overrides)
}
