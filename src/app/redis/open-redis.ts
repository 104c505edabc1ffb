import { createHash } from 'node:crypto'
import type { Logger } from '../../domain/logger.js'
import { invalidArgument } from '../../errors/app-error.js'
import { ClusterRouter } from './cluster-router.js'
import { DeadlineQueue } from './deadline-queue.js'
import { createMasterRouter } from './master-router.js'
import { createRedisBus, type RedisBus, type RedisTopics } from './redis-bus.js'
import type { RedisRole } from './redis-connection.js'
import { parseRedisUrl, parseSentinelUrl, type RedisTls } from './redis-endpoint.js'
import { redisUnavailable, replyCodeOf } from './redis-error.js'
import { RedisLink, type TrackedReply } from './redis-link.js'
import type { RedisRouter } from './redis-router.js'
import { createSentinelMaster } from './sentinel-master.js'
import { waitUntilMostAreUp } from './start-deadline.js'

const START_TIMEOUT_MS = 5_000
const PARTITION_COUNT = 64

export interface RedisOptions {
  /** One: a single server. Several: seeds of a Cluster. With `sentinel`: none. */
  readonly urls: readonly string[]
  readonly sentinel?: { readonly masterName: string; readonly urls: readonly string[] }
  readonly username?: string
  readonly password?: string
  readonly tls?: boolean | RedisTls
  /** For one command, in milliseconds; a gap in the connection may add 250. */
  readonly commandTimeoutMs: number
  /** How long `start()` waits for a first server to answer, in milliseconds; 5,000 by default. */
  readonly startTimeoutMs?: number
  /** Before the name of every channel of the bus. */
  readonly channelPrefix: string
  /** Into how many partitions the channels of a Cluster are hashed, the same in every process; 64 by default. */
  readonly partitions?: number
  readonly logger: Logger
}

/** The connections of one process to its Redis, shared by everything that uses it. */
export interface RedisConnections {
  /** The message bus, on connections of its own. */
  readonly bus: RedisBus
  /** Names that come and go, on the connections of the bus. */
  readonly topics: RedisTopics
  /**
   * Connects; resolves when the first server answers, raises UNAVAILABLE (`redis_unavailable`) when none does
   * in time.
   */
  start(): Promise<void>
  /** One command to the master of `key`. Raises UNAVAILABLE in time, or the server's error reply. */
  send(key: string, args: readonly string[]): Promise<unknown>
  /** As `send`, with the trust in which the reply may be kept until its key is invalidated. */
  read(key: string, args: readonly string[]): Promise<TrackedReply>
  /** Runs a Lua script whose keys are all in the slot of the first one. Raises as `send` does. */
  run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly string[],
  ): Promise<unknown>
  /** Called with each key that changed after it was read, at once; null means all keys. */
  onInvalidate(listener: (key: string | null) => void): void
  /** Called with each fresh connection to a master, before any waiting command is sent on it. */
  onUp(listener: () => void): void
  /** Raises UNAVAILABLE when no server can be asked at this moment. */
  check(): void
  close(): Promise<void>
}

/** Opens nothing yet: `start()` does. Raises INVALID_ARGUMENT for URLs that cannot be read. */
export function openRedis(options: RedisOptions): RedisConnections {
  const deadlines = new DeadlineQueue(options.commandTimeoutMs)
  const invalidateListeners: ((key: string | null) => void)[] = []
  const upListeners: (() => void)[] = []
  const router = createRouter(options, {
    deadlines,
    role: {
      onInvalidate: (key) => {
        for (const listener of invalidateListeners) listener(key)
      },
    },
    onUp: () => {
      for (const listener of upListeners) listener()
    },
  })
  const { logger, channelPrefix } = options
  const startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS
  const bus = createRedisBus({ router, deadlines, logger, channelPrefix, startTimeoutMs })
  const read: RedisConnections['read'] = (key, args) => router.send(key, args)
  const send: RedisConnections['send'] = async (key, args) => (await router.send(key, args)).reply

  const close = async (): Promise<void> => {
    await bus.close()
    await router.close()
  }

  return {
    bus,
    topics: bus.topics,
    async start() {
      try {
        router.start()
        const up = { isAny: () => router.isAnySound(), isAll: () => router.isAllSound() }
        await waitUntilMostAreUp(up, startTimeoutMs)
      } catch (error) {
        await close()
        throw error
      }
    },
    send,
    read,
    run: createScriptRunner(send),
    onInvalidate: (listener) => void invalidateListeners.push(listener),
    onUp: (listener) => void upListeners.push(listener),
    check() {
      if (!router.isAnySound()) throw redisUnavailable()
    },
    close,
  }
}

interface RouterParts {
  readonly deadlines: DeadlineQueue
  readonly role: RedisRole
  readonly onUp: () => void
}

function createRouter(options: RedisOptions, parts: RouterParts): RedisRouter {
  const { urls, sentinel, logger } = options
  if (sentinel) return createSentinelRouter(options, sentinel, parts)
  const [first, ...others] = urls.map((url) => parseRedisUrl(url, options))
  if (!first) throw invalidArgument('Redis needs at least one URL.')
  if (others.length > 0) {
    const { partitions = PARTITION_COUNT } = options
    return new ClusterRouter({ seeds: [first, ...others], partitions, logger, ...parts })
  }
  const resolve = () => first
  return createMasterRouter({ link: new RedisLink({ resolve, logger, ...parts }), resolve })
}

function createSentinelRouter(
  options: RedisOptions,
  { masterName, urls }: NonNullable<RedisOptions['sentinel']>,
  parts: RouterParts,
): RedisRouter {
  const { logger, username, password, tls } = options
  if (urls.length === 0) throw invalidArgument('Sentinel needs at least one URL.')
  // A Sentinel has credentials of its own, in its URL; those of the data servers are not shown to it.
  const sentinels = urls.map((url) => parseSentinelUrl(url, { tls }))
  const template = parseRedisUrl('redis://master', { username, password, tls })
  const { deadlines } = parts
  const resolve = () => master.resolve()
  const master = createSentinelMaster({ sentinels, masterName, template, deadlines, logger })
  const link = new RedisLink({
    resolve,
    accept: (connection) => master.accept(connection),
    logger,
    ...parts,
  })
  const router = createMasterRouter({ link, resolve })
  master.onMoved(() => router.move(new Error('the master moved')))
  return {
    ...router,
    start() {
      master.start()
      router.start()
    },
    async close() {
      await router.close()
      await master.close()
    },
  }
}

/** EVALSHA with the digest worked out once; the text goes over only when the server does not know it. */
function createScriptRunner(send: RedisConnections['send']): RedisConnections['run'] {
  const digests = new Map<string, string>()
  return async (script, keys, args) => {
    let digest = digests.get(script)
    if (digest === undefined) {
      digest = createHash('sha1').update(script).digest('hex')
      digests.set(script, digest)
    }
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await send(keys[0], ['EVALSHA', digest, ...rest])
    } catch (error) {
      if (replyCodeOf(error) !== 'NOSCRIPT') throw error
      return send(keys[0], ['EVAL', script, ...rest])
    }
  }
}
