import type { Logger } from '../../domain/logger.js'
import { DeadlineQueue } from './deadline-queue.js'
import {
  RedisConnection,
  type RedisConnectionDeps,
  type RedisRole,
  type RedisTrust,
} from './redis-connection.js'
import { addressOf, type RedisEndpoint } from './redis-endpoint.js'
import { redisUnavailable, replyCodeOf } from './redis-error.js'

/** How long a command waits for a connection that has just been lost, in milliseconds. */
const RECONNECT_GRACE_MS = 250
const BACKOFF_FIRST_MS = 10
const BACKOFF_MAX_MS = 200

/** A reply, and the trust within which it was read; null when it may not be kept. */
export interface TrackedReply {
  readonly reply: unknown
  readonly trust: RedisTrust | null
}

export interface RedisLinkDeps {
  /** What to dial now; may ask a Sentinel. Rejects when that is not known. */
  readonly resolve: () => RedisEndpoint | Promise<RedisEndpoint>
  readonly role: RedisRole
  /** Refuses a fresh connection by rejecting, for example one to a server that is not the master. */
  readonly accept?: (connection: RedisConnection) => Promise<void>
  /** Called with each fresh connection before any waiting command uses it. */
  readonly onUp?: (connection: RedisConnection) => void
  /** Called when the connection is overdue and again when it is lost. */
  readonly onDoubt?: () => void
  readonly deadlines: DeadlineQueue
  readonly logger: Logger
  /** Replaced in tests. */
  readonly open?: (deps: RedisConnectionDeps) => Promise<RedisConnection>
}

interface Waiter {
  resolve(connection: RedisConnection): void
  reject(error: Error): void
}

/**
 * Keeps one connection alive: dials again with a short, capped pause as soon as it is lost. A command that
 * meets a gap of less than 250 ms waits for it to close; in a longer one it fails at once.
 */
export class RedisLink {
  readonly #deps: RedisLinkDeps
  readonly #waitDeadlines = new DeadlineQueue(RECONNECT_GRACE_MS)
  readonly #waiters = new Set<Waiter>()
  #connection: RedisConnection | undefined
  #running: Promise<void> | undefined
  #downSince = -Infinity
  #isClosed = false
  #wake: (() => void) | undefined

  constructor(deps: RedisLinkDeps) {
    this.#deps = deps
  }

  /** Begins to dial. */
  start(): void {
    this.#downSince = performance.now()
    this.#running ??= this.#run()
  }

  /** The open connection, or undefined during a gap. */
  get connection(): RedisConnection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined
  }

  /** The open connection, waiting up to 250 ms in a fresh gap. Raises UNAVAILABLE. */
  whenUp(): Promise<RedisConnection> {
    const { connection } = this
    if (connection) return Promise.resolve(connection)
    if (this.#isClosed || performance.now() - this.#downSince > RECONNECT_GRACE_MS) {
      return Promise.reject(redisUnavailable())
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve(connection) {
          deadline.settle()
          resolve(connection)
        },
        reject,
      }
      const deadline = this.#waitDeadlines.add(() => {
        this.#waiters.delete(waiter)
        reject(redisUnavailable())
      })
      this.#waiters.add(waiter)
    })
  }

  /** The reply to one command and the trust it was read in. Raises UNAVAILABLE or the error reply. */
  async send(args: readonly string[]): Promise<TrackedReply> {
    const connection = this.connection ?? (await this.whenUp())
    const { trust } = connection
    try {
      return { reply: await connection.send(args), trust: trust.isTrusted ? trust : null }
    } catch (error) {
      this.#dropWhenDemoted(connection, error)
      throw error
    }
  }

  /** The reply to a command that must follow ASKING; never to be kept. */
  async sendAsking(args: readonly string[]): Promise<TrackedReply> {
    const connection = this.connection ?? (await this.whenUp())
    return { reply: await connection.sendAsking(args), trust: null }
  }

  /** Drops the connection so that the next one is resolved afresh. */
  reset(cause: unknown): void {
    this.#connection?.close(cause)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#connection?.close()
    this.#wake?.()
    await this.#running
    for (const waiter of this.#waiters) waiter.reject(redisUnavailable())
    this.#waiters.clear()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#isClosed) {
      try {
        const connection = await this.#dial()
        failures = 0
        const cause = await connection.lost
        this.#onLost(connection, cause)
      } catch (error) {
        if (failures === 0) this.#deps.logger.warn({ err: error }, 'redis cannot be reached')
        failures += 1
      }
      if (failures > 0) await this.#pause(failures)
    }
  }

  async #dial(): Promise<RedisConnection> {
    const { resolve, role, deadlines, logger, accept, onDoubt, onUp } = this.#deps
    const endpoint = await resolve()
    const open = this.#deps.open ?? ((deps: RedisConnectionDeps) => RedisConnection.open(deps))
    const connection = await open({ endpoint, role, deadlines })
    try {
      await accept?.(connection)
      if (this.#isClosed) throw new Error('closed while connecting')
    } catch (error) {
      connection.close(error)
      throw error
    }
    connection.onDoubt(() => onDoubt?.())
    this.#connection = connection
    logger.info({ address: addressOf(endpoint) }, 'redis connected')
    onUp?.(connection)
    for (const waiter of this.#waiters) waiter.resolve(connection)
    this.#waiters.clear()
    return connection
  }

  #onLost(connection: RedisConnection, cause: unknown): void {
    this.#connection = undefined
    this.#downSince = performance.now()
    if (this.#isClosed) return
    this.#deps.logger.warn({ err: cause, address: connection.address }, 'redis connection lost')
    this.#deps.onDoubt?.()
  }

  /** A master that turned into a replica refuses writes: the next connection goes to the new master. */
  #dropWhenDemoted(connection: RedisConnection, error: unknown): void {
    const cause = error instanceof Error ? error.cause : undefined
    if (replyCodeOf(cause) === 'READONLY') connection.close(cause)
  }

  #pause(failures: number): Promise<void> {
    const delayMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** failures)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs * (0.5 + Math.random() / 2))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#isClosed) this.#wake()
    })
  }
}
