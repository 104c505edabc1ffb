import { isAbsolute, join } from 'node:path'
import { createSqliteBroker } from '../broker/sqlite-broker.js'
import { createSqliteChannelBroker } from '../broker/sqlite-channel-broker.js'
import { createSqliteLine } from '../broker/sqlite-line.js'
import { createSqlitePresenceStore } from '../broker/sqlite-presence-store.js'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'
import { createAuditLog } from '../repository/audit-log.js'
import { createMigrator, type Migrator } from '../repository/migrator.js'
import { createSqliteSessionStore } from '../repository/sqlite-session-store.js'
import { openSqliteStore, type SqliteStore } from '../repository/sqlite-store.js'
import { createTransactionRunner } from '../repository/transaction-runner.js'
import { createUserRepository } from '../repository/user-repository.js'
import type { RedisOptions } from './redis/open-redis.js'

/** How long a message between processes is kept for one that was asleep. */
const MESSAGE_RETENTION_MS = 60_000

export interface StoreDeps {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  /** What this process is to the others. */
  readonly processKind: string
}

/** Everything that keeps state, over one pool each. */
export interface Store {
  readonly users: UserRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly sessionStore: SessionStore
  readonly broker: Broker
  /** Neither has a timer or a connection of its own before it is started. */
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly migrator: Migrator
  /** By part, for readiness: each raises UNAVAILABLE when it cannot be used. */
  readonly checks: Readonly<Record<string, () => void>>
  /** Safe to call twice. Closes channels and presence; the broker is closed by whoever started it. */
  close(): Promise<void>
}

/** Where sessions live and how the processes talk to each other. */
type SessionSide = Pick<
  Store,
  'sessionStore' | 'broker' | 'channelBroker' | 'presence' | 'checks' | 'close'
>

/**
 * Opens the SQL store, and Redis where it is configured. Raises UNAVAILABLE or FAILED_PRECONDITION naming the
 * file, UNAVAILABLE (`redis_unavailable`) when no Redis answers.
 */
export async function openStore(deps: StoreDeps): Promise<Store> {
  const { config, logger } = deps
  const { file, busyTimeoutMs, synchronous } = config.store.sqlite
  const store = openSqliteStore({
    file: isAbsolute(file) ? file : join(config.dataDir, file),
    ...{ busyTimeoutMs, synchronous },
  })
  try {
    const isRedisUsed = config.redis.url.length > 0 || config.redis.sentinelUrl.length > 0
    const sessions = isRedisUsed ? await openRedisSide(deps) : openSqliteSide(deps, store)
    return {
      users: createUserRepository(store),
      auditLog: createAuditLog(store),
      transactions: createTransactionRunner(store, logger),
      migrator: createMigrator(store),
      sessionStore: sessions.sessionStore,
      broker: sessions.broker,
      channelBroker: sessions.channelBroker,
      presence: sessions.presence,
      checks: {
        store: () => void store.read((connection) => connection.prepare('SELECT 1').get()),
        ...sessions.checks,
      },
      async close() {
        await Promise.all([sessions.channelBroker.close(), sessions.presence.close()])
        await sessions.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

function openSqliteSide(deps: StoreDeps, store: SqliteStore): SessionSide {
  const { config, clock, logger, processKind } = deps
  const { heartbeatMs, leaseMs, historyMetaLifetimeMs } = config.broker
  const line = createSqliteLine({
    ...{ store, clock, logger, processKind, heartbeatMs, leaseMs },
    pollIntervalMs: config.store.sqlite.pollIntervalMs,
    retentionMs: MESSAGE_RETENTION_MS,
  })
  const parts = { store, line, clock, logger }
  return {
    sessionStore: createSqliteSessionStore({ store }),
    broker: createSqliteBroker(parts),
    channelBroker: createSqliteChannelBroker({ ...parts, metaLifetimeMs: historyMetaLifetimeMs }),
    presence: createSqlitePresenceStore({ ...parts, leaseMs }),
    checks: {},
    close: () => Promise.resolve(),
  }
}

/** Loaded only where it is configured: the client costs a start some time. */
async function openRedisSide({ config, logger }: StoreDeps): Promise<SessionSide> {
  const [
    { openRedis },
    { createRedisSessionStore },
    { createRedisBroker },
    { createRedisChannelBroker },
    { createRedisPresenceStore },
  ] = await Promise.all([
    import('./redis/open-redis.js'),
    import('../repository/redis/redis-session-store.js'),
    import('../broker/redis/redis-broker.js'),
    import('../broker/redis/redis-channel-broker.js'),
    import('../broker/redis/redis-presence-store.js'),
  ])
  const { keyPrefix } = config.redis
  const redis = openRedis({ ...redisOptionsOf(config), channelPrefix: keyPrefix, logger })
  const { heartbeatMs, leaseMs, historyMetaLifetimeMs } = config.broker
  const parts = { redis, keyPrefix, logger }
  const side: SessionSide = {
    sessionStore: createRedisSessionStore({ redis, keyPrefix, logger }),
    broker: createRedisBroker({ ...parts, heartbeatMs, leaseMs }),
    channelBroker: createRedisChannelBroker({ ...parts, metaLifetimeMs: historyMetaLifetimeMs }),
    presence: createRedisPresenceStore({ ...parts, heartbeatMs, leaseMs }),
    checks: { redis: () => redis.check() },
    close: () => redis.close(),
  }
  await redis.start()
  return side
}

function redisOptionsOf({ redis, broker }: Config): Omit<RedisOptions, 'channelPrefix' | 'logger'> {
  const { url, sentinelMaster, sentinelUrl, username, password, tls, commandTimeoutMs } = redis
  return {
    urls: url,
    ...{ tls, commandTimeoutMs, partitions: broker.partitions },
    ...(sentinelUrl.length === 0
      ? {}
      : { sentinel: { masterName: sentinelMaster, urls: sentinelUrl } }),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  }
}
