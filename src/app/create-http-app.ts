import type { Config } from '../config/schema.js'

export declare function createHttpApp(options: {
  readonly config: Config
  readonly environment: string
}): Promise<{ start(): Promise<never> }>
