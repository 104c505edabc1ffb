import type { Config } from '../config/schema.js'
import { createMigrator } from '../repository/migrator.js'
import { createLogger } from './create-logger.js'
import { openSqlSide } from './open-sql-side.js'

/** The schema of the store, for the operator. Each method raises as the migrator does. */
export interface MigrationApp {
  /** Applies what is pending; the names of what was applied, in order. */
  up(): Promise<readonly string[]>
  /** Takes back the newest; its name, or null when there is none. */
  down(): Promise<string | null>
  /** All steps, oldest first; `appliedAt` in milliseconds since the epoch, null when pending. */
  status(): Promise<readonly { readonly name: string; readonly appliedAt: number | null }[]>
  close(): Promise<void>
}

/** Opens the store of accounts and nothing else (no Redis), and leaves its schema as it is. */
export async function createMigrationApp({ config }: { config: Config }): Promise<MigrationApp> {
  const logger = await createLogger({ ...config.log, service: 'cli', stream: process.stderr })
  const side = await openSqlSide(config, logger)
  const migrator = createMigrator(side.sql)
  return {
    up: async () => (await migrator.up()).steps,
    down: async () => (await migrator.down()).steps[0] ?? null,
    async status() {
      const { applied, pending } = await migrator.status()
      return [
        ...applied.map(({ name, appliedAt }) => ({ name, appliedAt: Date.parse(appliedAt) })),
        ...pending.map((name) => ({ name, appliedAt: null })),
      ]
    },
    close: () => side.close(),
  }
}
