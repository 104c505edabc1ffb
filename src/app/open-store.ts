import { createSqliteBroker } from '../broker/sqlite-broker.js'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { Clock } from '../domain/clock.js'
import type { CounterStore } from '../domain/counter.js'
import type { Logger } from '../domain/logger.js'
import type { OneTimeStore } from '../domain/one-time-store.js'
import type { SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'
import { createAuditLog } from '../repository/audit-log.js'
import { createMigrator, type Migrator } from '../repository/migrator.js'
import { createSqliteCounterStore } from '../repository/sqlite-counter-store.js'
import { createSqliteOneTimeStore } from '../repository/sqlite-one-time-store.js'
import { createSqliteSessionStore } from '../repository/sqlite-session-store.js'
import type { MysqlStore } from '../repository/mysql/mysql-store.js'
import type { SqliteStore } from '../repository/sqlite-store.js'
import { createTransactionRunner } from '../repository/transaction-runner.js'
import { createUserRepository } from '../repository/user-repository.js'
import { openSqlSide } from './open-sql-side.js'
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
  readonly counters: CounterStore
  readonly oneTimeValues: OneTimeStore
  readonly broker: Broker
  readonly migrator: Migrator
  /** What the processes tell each other of writes where replicas may be stale; null where there are none. */
  readonly replicated: Pick<MysqlStore, 'noteForeignWrite' | 'onWrite'> | null
  /** By part, for readiness: each raises UNAVAILABLE when it cannot be used. */
  readonly checks: Readonly<Record<string, () => void>>
  /** Safe to call twice. The broker is closed by whoever started it. */
  close(): Promise<void>
}

/** Where sessions, counters and one-time values live and how the processes talk to each other. */
type SessionSide = Pick<
  Store,
  'sessionStore' | 'counters' | 'oneTimeValues' | 'broker' | 'checks' | 'close'
>

/**
 * Opens the SQL store, and Redis where it is configured. Raises UNAVAILABLE or FAILED_PRECONDITION naming the
 * file or the server, UNAVAILABLE (`redis_unavailable`) when no Redis answers.
 */
export async function openStore(deps: StoreDeps): Promise<Store> {
  const { config, logger } = deps
  const { sql, sqlite, mysql, ...side } = await openSqlSide(config, logger)
  try {
    // Whether Redis is configured is no question without the file: the configuration demands it then.
    const isRedisUsed = config.redis.url.length > 0 || config.redis.sentinelUrl.length > 0
    const sessions =
      isRedisUsed || sqlite === null ? await openRedisSide(deps) : openSqliteSide(deps, sqlite)
    return {
      users: createUserRepository(sql),
      auditLog: createAuditLog(sql),
      transactions: createTransactionRunner(sql, logger),
      migrator: createMigrator(sql),
      replicated: config.mysql.replicaUrls.length === 0 ? null : mysql,
      sessionStore: sessions.sessionStore,
      counters: sessions.counters,
      oneTimeValues: sessions.oneTimeValues,
      broker: sessions.broker,
      checks: { ...side.checks, ...sessions.checks },
      async close() {
        await sessions.close()
        await side.close()
      },
    }
  } catch (error) {
    await side.close()
    throw error
  }
}

function openSqliteSide(deps: StoreDeps, store: SqliteStore): SessionSide {
  const { config, clock, logger, processKind } = deps
  return {
    sessionStore: createSqliteSessionStore({ store }),
    counters: createSqliteCounterStore({ store }),
    oneTimeValues: createSqliteOneTimeStore({ store, clock }),
    broker: createSqliteBroker({
      ...{ store, clock, logger, processKind },
      pollIntervalMs: config.store.sqlite.pollIntervalMs,
      heartbeatMs: config.broker.heartbeatMs,
      leaseMs: config.broker.leaseMs,
      retentionMs: MESSAGE_RETENTION_MS,
    }),
    checks: {},
    close: () => Promise.resolve(),
  }
}

/** Loaded only where it is configured: the client costs a start some time. */
async function openRedisSide({ config, clock, logger }: StoreDeps): Promise<SessionSide> {
  const [
    { openRedis },
    { createRedisSessionStore },
    { createRedisCounterStore },
    { createRedisOneTimeStore },
    { createRedisBroker },
  ] = await Promise.all([
    import('./redis/open-redis.js'),
    import('../repository/redis/redis-session-store.js'),
    import('../repository/redis/redis-counter-store.js'),
    import('../repository/redis/redis-one-time-store.js'),
    import('../broker/redis/redis-broker.js'),
  ])
  const { keyPrefix } = config.redis
  const redis = openRedis({ ...redisOptionsOf(config), channelPrefix: keyPrefix, logger })
  const side: SessionSide = {
    sessionStore: createRedisSessionStore({ redis, keyPrefix, logger }),
    counters: createRedisCounterStore({ redis, keyPrefix }),
    oneTimeValues: createRedisOneTimeStore({ redis, keyPrefix, clock }),
    broker: createRedisBroker({
      ...{ redis, keyPrefix, logger },
      heartbeatMs: config.broker.heartbeatMs,
      leaseMs: config.broker.leaseMs,
    }),
    checks: { redis: () => redis.check() },
    close: () => redis.close(),
  }
  await redis.start()
  return side
}

function redisOptionsOf({ redis }: Config): Omit<RedisOptions, 'channelPrefix' | 'logger'> {
  const { url, sentinelMaster, sentinelUrl, username, password, tls, commandTimeoutMs } = redis
  return {
    urls: url,
    ...{ tls, commandTimeoutMs },
    ...(sentinelUrl.length === 0
      ? {}
      : { sentinel: { masterName: sentinelMaster, urls: sentinelUrl } }),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  }
}
