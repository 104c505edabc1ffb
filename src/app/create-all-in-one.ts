import type { Config } from '../config/schema.js'

export declare function createAllInOne(options: {
  readonly config: Config
  readonly environment: string
}): Promise<{ start(): Promise<never> }>
