import type { Config } from '../config/schema.js'

export declare function createAdminApp(options: {
  readonly config: Config
  readonly environment: string
  readonly migrate: boolean
}): Promise<never>
