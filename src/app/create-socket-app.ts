import type { Config } from '../config/schema.js'

export declare function createSocketApp(options: {
  readonly config: Config
  readonly environment: string
}): Promise<{ start(): Promise<never> }>
