import type { DeadlineQueue } from './deadline-queue.js'
import { addressOf, type RedisEndpoint } from './redis-endpoint.js'
import { redisUnavailable, toRedisError } from './redis-error.js'

/** How often a connection is asked for a sign of life, in milliseconds. */
export const PING_INTERVAL_MS = 250
/** For dialling, TLS and the greeting together, in milliseconds. */
const CONNECT_DEADLINE_MS = 750
/** Unanswered pings after which the connection is given up. */
const MISSED_PINGS_MAX = 2
/** Commands without an answer; over it a new one fails at once. */
const QUEUE_LENGTH_MAX = 50_000

/**
 * Stands for one unbroken stretch of a connection. While it is trusted, every invalidation that the server
 * sent up to the last ping has arrived, so what was read within it may be used without asking again. Once
 * lost, trust does not come back: a healthy connection then has a new one.
 */
export interface RedisTrust {
  readonly isTrusted: boolean
}

/** What a connection is for, beyond sending commands. */
export interface RedisRole {
  /** Turns on server-assisted client-side caching and gets the keys that changed; null means all. */
  readonly onInvalidate?: (key: string | null) => void
  /** Subscribes before the connection counts as up. */
  readonly subscription?: RedisSubscription
}

export interface RedisSubscription {
  readonly channels: readonly string[]
  /** Sharded channels (Redis Cluster) instead of plain ones. */
  readonly isSharded: boolean
  readonly onMessage: (channel: string, message: string) => void
}

export interface RedisConnectionDeps {
  readonly endpoint: RedisEndpoint
  readonly role: RedisRole
  readonly deadlines: DeadlineQueue
}

/** The part of a node-redis client that is used here. */
interface RedisClient {
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(args: readonly string[]): Promise<unknown>
  subscribe(channels: string[], listener: (message: string, channel: string) => void): Promise<void>
  sSubscribe(
    channels: string[],
    listener: (message: string, channel: string) => void,
  ): Promise<void>
  unsubscribe(
    channels: string[],
    listener: (message: string, channel: string) => void,
  ): Promise<void>
  sUnsubscribe(
    channels: string[],
    listener: (message: string, channel: string) => void,
  ): Promise<void>
  on(event: string, listener: (argument: unknown) => void): unknown
}

/**
 * One TCP connection to one server, from the greeting to its loss; it never reconnects. The library's own
 * reconnection, offline queue and timers are off: they would keep commands waiting for ever and say nothing
 * about a peer that has fallen silent.
 */
export class RedisConnection {
  readonly address: string
  readonly #client: RedisClient
  readonly #deadlines: DeadlineQueue
  readonly #lost: Promise<unknown>
  readonly #onLost: (cause: unknown) => void
  readonly #doubtListeners: (() => void)[] = []
  readonly #subscription: RedisSubscription | undefined
  readonly #onMessage = (message: string, channel: string): void =>
    this.#subscription?.onMessage(channel, message)
  #trust: { isTrusted: boolean } = { isTrusted: false }
  #isOpen = true
  #isPongAwaited = false
  #missedPings = 0
  #pingTimer: NodeJS.Timeout | undefined

  private constructor(client: RedisClient, { endpoint, role, deadlines }: RedisConnectionDeps) {
    this.#subscription = role.subscription
    this.address = addressOf(endpoint)
    this.#client = client
    this.#deadlines = deadlines
    let onLost: (cause: unknown) => void = () => undefined
    this.#lost = new Promise((resolve) => {
      onLost = resolve
    })
    this.#onLost = onLost
  }

  /** Dials and greets within 750 ms. Rejects with the cause when that fails. */
  static async open(deps: RedisConnectionDeps): Promise<RedisConnection> {
    const client = await createNodeRedisClient(deps)
    const connection = new RedisConnection(client, deps)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no connection within ${CONNECT_DEADLINE_MS} ms`)),
        CONNECT_DEADLINE_MS,
      )
    })
    try {
      await Promise.race([connection.#connect(deps.role), late])
    } catch (error) {
      connection.close(error)
      throw error
    } finally {
      clearTimeout(timer)
    }
    return connection
  }

  /** The present stretch of trust; not trusted while a ping is overdue and after the connection was lost. */
  get trust(): RedisTrust {
    return this.#trust
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Settles with the cause when the connection is over; never rejects. */
  get lost(): Promise<unknown> {
    return this.#lost
  }

  /** Called when a ping is overdue, before the connection is given up. */
  onDoubt(listener: () => void): void {
    this.#doubtListeners.push(listener)
  }

  /** The reply to one command within the deadline. Raises UNAVAILABLE or the server's error reply. */
  send(args: readonly string[]): Promise<unknown> {
    return this.#inTime(this.#client.sendCommand(args))
  }

  /**
   * Subscribes to more channels, which are in one slot when they are sharded; resolves within the deadline when
   * they stand. Only on a connection that was opened with a subscription. Raises as `send` does.
   */
  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#inTime(
      this.#subscription?.isSharded === true
        ? this.#client.sSubscribe([...channels], this.#onMessage)
        : this.#client.subscribe([...channels], this.#onMessage),
    )
  }

  /** Takes `subscribe` back. Raises as `send` does. */
  async unsubscribe(channels: readonly string[]): Promise<void> {
    // Named with its listener: else the library would take a later subscription for one that stands already.
    await this.#inTime(
      this.#subscription?.isSharded === true
        ? this.#client.sUnsubscribe([...channels], this.#onMessage)
        : this.#client.unsubscribe([...channels], this.#onMessage),
    )
  }

  /** The reply to a command that the cluster answers only right after ASKING. */
  sendAsking(args: readonly string[]): Promise<unknown> {
    // Commands of one turn are written in order, with nothing between them.
    this.#client.sendCommand(['ASKING']).catch(() => undefined)
    return this.send(args)
  }

  /** Gives the connection up; what waits on it fails. Safe to call twice. */
  close(cause?: unknown): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#trust.isTrusted = false
    clearInterval(this.#pingTimer)
    this.#client.destroy()
    this.#onLost(cause)
  }

  async #connect(role: RedisRole): Promise<void> {
    // An error listener is mandatory: without one an error event ends the process.
    this.#client.on('error', (error) => this.close(error))
    this.#client.on('end', () => this.close(new Error('the connection ended')))
    this.#client.on('invalidate', (key) => {
      // Keys come as bytes.
      role.onInvalidate?.(Buffer.isBuffer(key) ? key.toString() : null)
    })
    this.#client.on('sharded-channel-moved', () => {
      this.close(new Error('the channels moved to another node'))
    })
    await this.#client.connect()
    if (role.subscription) await this.#subscribeFirst(role.subscription)
    if (!this.#isOpen) throw new Error('lost while connecting')
    this.#trust = { isTrusted: true }
    this.#pingTimer = setInterval(() => this.#ping(), PING_INTERVAL_MS)
  }

  async #subscribeFirst({ channels, isSharded }: RedisSubscription): Promise<void> {
    if (channels.length === 0) return
    // One command may only name channels of one slot.
    const commands = isSharded ? channels.map((channel) => [channel]) : [channels]
    await Promise.all(commands.map((names) => this.subscribe(names)))
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = this.#deadlines.add(() => reject(redisUnavailable()))
      work.then(
        (reply) => {
          deadline.settle()
          resolve(reply)
        },
        (error: unknown) => {
          deadline.settle()
          reject(toRedisError(error))
        },
      )
    })
  }

  #ping(): void {
    if (this.#isPongAwaited) {
      // When this process was busy, the answer may lie in the socket: read first, then judge.
      setImmediate(() => this.#missPing())
      return
    }
    this.#isPongAwaited = true
    this.#client.sendCommand(['PING']).then(
      () => this.#pong(),
      (error: unknown) => this.close(error),
    )
  }

  #pong(): void {
    this.#isPongAwaited = false
    this.#missedPings = 0
    if (this.#isOpen && !this.#trust.isTrusted) this.#trust = { isTrusted: true }
  }

  #missPing(): void {
    if (!this.#isPongAwaited || !this.#isOpen) return
    this.#missedPings += 1
    if (this.#missedPings >= MISSED_PINGS_MAX) {
      this.close(new Error(`no answer to a ping for ${this.#missedPings * PING_INTERVAL_MS} ms`))
      return
    }
    this.#trust.isTrusted = false
    for (const listener of this.#doubtListeners) listener()
  }
}

async function createNodeRedisClient({
  endpoint,
  role,
}: RedisConnectionDeps): Promise<RedisClient> {
  const { createClient } = await import('redis')
  const { host, port, username, password, database, tls } = endpoint
  const socket = {
    host,
    port,
    connectTimeout: CONNECT_DEADLINE_MS,
    reconnectStrategy: false as const,
  }
  return createClient({
    RESP: 3,
    socket: tls === undefined ? socket : { ...socket, ...tls, tls: true },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    // The library's timer per command costs five times the command: the deadlines are ours.
    commandOptions: { timeout: 0 },
    commandsQueueMaxLength: QUEUE_LENGTH_MAX,
    disableOfflineQueue: true,
    emitInvalidate: role.onInvalidate !== undefined,
    maintNotifications: 'disabled',
  })
}
