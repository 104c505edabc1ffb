import { createSqliteBroker } from '../broker/sqlite-broker.js'
import { createSqliteChannelBroker } from '../broker/sqlite-channel-broker.js'
import { createSqliteLine } from '../broker/sqlite-line.js'
import { createSqlitePresenceStore } from '../broker/sqlite-presence-store.js'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { CounterStore } from '../domain/counter.js'
import type { IdentityRepository } from '../domain/identity.js'
import type { Logger } from '../domain/logger.js'
import type { OneTimeStore } from '../domain/one-time-store.js'
import type { RevocationLog } from '../domain/revocation.js'
import type { SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UnfinishedEndRepository } from '../domain/unfinished-end.js'
import type { UserRepository } from '../domain/user.js'
import { createAuditLog } from '../repository/audit-log.js'
import { createIdentityRepository } from '../repository/identity-repository.js'
import { createMigrator, type Migrator } from '../repository/migrator.js'
import { createSqliteCounterStore } from '../repository/sqlite-counter-store.js'
import { createSqliteOneTimeStore } from '../repository/sqlite-one-time-store.js'
import { createSqliteRevocationLog } from '../repository/sqlite-revocation-log.js'
import { createSqliteSessionStore } from '../repository/sqlite-session-store.js'
import type { MysqlStore } from '../repository/mysql/mysql-store.js'
import type { SqliteStore } from '../repository/sqlite-store.js'
import { createTransactionRunner } from '../repository/transaction-runner.js'
import { createUnfinishedEndRepository } from '../repository/unfinished-end-repository.js'
import { createUserRepository } from '../repository/user-repository.js'
import { openSqlSide } from './open-sql-side.js'
import type { RedisOptions } from './redis/open-redis.js'

/** How long a message between processes is kept for one that was asleep. */
const MESSAGE_RETENTION_MS = 60_000
/** The kind of process that only looks in: it serves nobody, so no answer counts it. */
const COMMAND_LINE = 'cli'

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
  readonly identities: IdentityRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly unfinishedEnds: UnfinishedEndRepository
  readonly sessionStore: SessionStore
  readonly counters: CounterStore
  readonly oneTimeValues: OneTimeStore
  readonly revocationLog: RevocationLog
  readonly broker: Broker
  /** Neither has a timer or a connection of its own before it is started. */
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly migrator: Migrator
  /** What the processes tell each other of writes where replicas may be stale; null where there are none. */
  readonly replicated: Pick<MysqlStore, 'noteForeignWrite' | 'onWrite'> | null
  /** By part, for readiness: each raises UNAVAILABLE when it cannot be used. */
  readonly checks: Readonly<Record<string, () => void>>
  /** Safe to call twice. Closes channels and presence; the broker is closed by whoever started it. */
  close(): Promise<void>
}

/** Where sessions, counters, one-time values and channels live and how the processes talk to each other. */
type SessionSide = Pick<
  Store,
  | 'sessionStore'
  | 'counters'
  | 'oneTimeValues'
  | 'revocationLog'
  | 'broker'
  | 'channelBroker'
  | 'presence'
  | 'checks'
  | 'close'
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
      identities: createIdentityRepository(sql),
      auditLog: createAuditLog(sql),
      transactions: createTransactionRunner(sql, logger),
      unfinishedEnds: createUnfinishedEndRepository(sql),
      migrator: createMigrator(sql),
      replicated: config.mysql.replicaUrls.length === 0 ? null : mysql,
      sessionStore: sessions.sessionStore,
      counters: sessions.counters,
      oneTimeValues: sessions.oneTimeValues,
      revocationLog: sessions.revocationLog,
      broker: sessions.broker,
      channelBroker: sessions.channelBroker,
      presence: sessions.presence,
      checks: { ...side.checks, ...sessions.checks },
      async close() {
        await Promise.all([sessions.channelBroker.close(), sessions.presence.close()])
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
  const { heartbeatMs, leaseMs, historyMetaLifetimeMs } = config.broker
  const isObserver = processKind === COMMAND_LINE
  const line = createSqliteLine({
    ...{ store, clock, logger, processKind, heartbeatMs, leaseMs, isObserver },
    pollIntervalMs: config.store.sqlite.pollIntervalMs,
    retentionMs: MESSAGE_RETENTION_MS,
  })
  const parts = { store, line, clock, logger }
  return {
    sessionStore: createSqliteSessionStore({ store }),
    counters: createSqliteCounterStore({ store }),
    oneTimeValues: createSqliteOneTimeStore({ store, clock }),
    revocationLog: createSqliteRevocationLog({ store }),
    broker: createSqliteBroker({ ...parts, isObserver }),
    channelBroker: createSqliteChannelBroker({ ...parts, metaLifetimeMs: historyMetaLifetimeMs }),
    presence: createSqlitePresenceStore({ ...parts, leaseMs }),
    checks: {},
    close: () => Promise.resolve(),
  }
}

/** Loaded only where it is configured: the client costs a start some time. */
async function openRedisSide(deps: StoreDeps): Promise<SessionSide> {
  const { config, clock, logger, processKind } = deps
  const [
    { openRedis },
    { createRedisSessionStore },
    { createRedisCounterStore },
    { createRedisOneTimeStore },
    { createRedisRevocationLog },
    { createRedisBroker },
    { createRedisChannelBroker },
    { createRedisPresenceStore },
  ] = await Promise.all([
    import('./redis/open-redis.js'),
    import('../repository/redis/redis-session-store.js'),
    import('../repository/redis/redis-counter-store.js'),
    import('../repository/redis/redis-one-time-store.js'),
    import('../repository/redis/redis-revocation-log.js'),
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
    counters: createRedisCounterStore({ redis, keyPrefix }),
    oneTimeValues: createRedisOneTimeStore({ redis, keyPrefix, clock }),
    revocationLog: createRedisRevocationLog({ redis, keyPrefix }),
    broker: createRedisBroker({
      ...{ ...parts, heartbeatMs, leaseMs },
      isObserver: processKind === COMMAND_LINE,
    }),
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
