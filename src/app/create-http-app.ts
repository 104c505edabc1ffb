import { type App, type AppOptions, createApp } from './create-app.js'
import type { CoreOverrides } from './create-core.js'
import { httpService } from './http-service.js'

/** `app http`: the HTTP service in a process of its own. */
export function createHttpApp(options: AppOptions, overrides?: CoreOverrides): App {
  return createApp('http', [httpService], options, overrides)
}
