import type { BrokerStore } from '../../src/broker/broker-store.js'
import { createSqliteBroker } from '../../src/broker/sqlite-broker.js'
import { createSqliteChannelBroker } from '../../src/broker/sqlite-channel-broker.js'
import { createSqliteLine, type SqliteLineDeps } from '../../src/broker/sqlite-line.js'
import { createSqlitePresenceStore } from '../../src/broker/sqlite-presence-store.js'
import type { Broker } from '../../src/domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../../src/domain/channel-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

const HOUR_MS = 3_600_000

/** What one process has on a SQLite file; nothing is started. */
export interface SqliteProcess {
  readonly broker: Broker
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly logger: ReturnType<typeof createMemoryLogger>
  close(): Promise<void>
}

export function createSqliteProcess(
  store: BrokerStore,
  overrides: Partial<SqliteLineDeps> & { readonly metaLifetimeMs?: number } = {},
): SqliteProcess {
  const parts = {
    clock: { now: () => Date.now() },
    logger: createMemoryLogger(),
    processKind: 'test',
    pollIntervalMs: 2,
    heartbeatMs: 20,
    leaseMs: HOUR_MS,
    retentionMs: HOUR_MS,
    metaLifetimeMs: HOUR_MS,
    ...overrides,
    store,
  }
  const line = createSqliteLine(parts)
  const broker = createSqliteBroker({ ...parts, line })
  const channelBroker = createSqliteChannelBroker({ ...parts, line })
  const presence = createSqlitePresenceStore({ ...parts, line })
  return {
    ...{ broker, channelBroker, presence },
    logger: parts.logger as ReturnType<typeof createMemoryLogger>,
    async close() {
      await Promise.all([channelBroker.close(), presence.close()])
      await broker.close()
    },
  }
}
