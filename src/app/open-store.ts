import { isAbsolute, join } from 'node:path'
import { createSqliteBroker } from '../broker/sqlite-broker.js'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'
import { createAuditLog } from '../repository/audit-log.js'
import { createMigrator, type Migrator } from '../repository/migrator.js'
import { createSqliteSessionStore } from '../repository/sqlite-session-store.js'
import { openSqliteStore } from '../repository/sqlite-store.js'
import { createTransactionRunner } from '../repository/transaction-runner.js'
import { createUserRepository } from '../repository/user-repository.js'

/** How long a message between processes is kept for one that was asleep. */
const MESSAGE_RETENTION_MS = 60_000

export interface StoreDeps {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  /** What this process is to the others. */
  readonly processKind: string
}

/** Everything that keeps state, over one pool. */
export interface Store {
  readonly users: UserRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly sessionStore: SessionStore
  readonly broker: Broker
  readonly migrator: Migrator
  /** One point read. Raises UNAVAILABLE when the store cannot be used. */
  ping(): void
  /** Safe to call twice. The broker is closed by whoever started it. */
  close(): Promise<void>
}

/** Opens the embedded store. Raises UNAVAILABLE or FAILED_PRECONDITION naming the file. */
export function openStore({ config, clock, logger, processKind }: StoreDeps): Store {
  const { file, busyTimeoutMs, synchronous, pollIntervalMs } = config.store.sqlite
  const store = openSqliteStore({
    file: isAbsolute(file) ? file : join(config.dataDir, file),
    ...{ busyTimeoutMs, synchronous },
  })
  return {
    users: createUserRepository(store),
    auditLog: createAuditLog(store),
    transactions: createTransactionRunner(store, logger),
    sessionStore: createSqliteSessionStore({ store }),
    broker: createSqliteBroker({
      ...{ store, clock, logger, processKind, pollIntervalMs },
      heartbeatMs: config.broker.heartbeatMs,
      leaseMs: config.broker.leaseMs,
      retentionMs: MESSAGE_RETENTION_MS,
    }),
    migrator: createMigrator(store),
    ping: () => void store.read((connection) => connection.prepare('SELECT 1').get()),
    close: () => store.close(),
  }
}
