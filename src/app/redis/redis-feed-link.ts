import type { Logger } from '../../domain/logger.js'
import type { DeadlineQueue } from './deadline-queue.js'
import type { RedisConnection } from './redis-connection.js'
import { RedisLink } from './redis-link.js'
import type { RedisFeed } from './redis-router.js'

/** Topics that one command subscribes to. */
const TOPICS_PER_COMMAND = 500

export interface RedisFeedLinkDeps extends RedisFeed {
  readonly isSharded: boolean
  /** Subscribed before the connection counts as up. */
  readonly channels: readonly string[]
  /** What else is to be subscribed to now, by partition. */
  readonly topicsOf: (tag: string) => readonly string[]
  readonly onMessage: (channel: string, message: string) => void
  /** Called when every subscription stands, after each dial. */
  readonly onSound: () => void
  /** Called when the connection is overdue and again when it is lost. */
  readonly onDoubt: () => void
  readonly deadlines: DeadlineQueue
  readonly logger: Logger
}

/** The one subscriber connection to a server, kept alive together with its subscriptions. */
export class RedisFeedLink {
  readonly name: string
  readonly tags: readonly string[]
  readonly #deps: RedisFeedLinkDeps
  readonly #link: RedisLink
  /** The connection on which every subscription stands. */
  #complete: RedisConnection | undefined

  constructor(deps: RedisFeedLinkDeps) {
    this.#deps = deps
    this.name = deps.name
    this.tags = deps.tags
    const { resolve, isSharded, channels, onMessage, onDoubt, deadlines, logger } = deps
    this.#link = new RedisLink({
      resolve,
      role: { subscription: { channels, isSharded, onMessage } },
      onUp: (connection) => this.#onUp(connection),
      ...{ onDoubt, deadlines, logger },
    })
  }

  start(): void {
    this.#link.start()
  }

  get isSound(): boolean {
    const { connection } = this.#link
    return connection?.trust.isTrusted === true && connection === this.#complete
  }

  /** Resolves when the subscription stands on the present connection. Raises UNAVAILABLE. */
  async subscribe(topic: string): Promise<void> {
    const connection = this.#link.connection ?? (await this.#link.whenUp())
    await connection.subscribe([topic])
  }

  /** A connection that is down forgets by itself. */
  unsubscribe(topic: string): void {
    this.#link.connection?.unsubscribe([topic]).catch(() => undefined)
  }

  /** Drops the connection so that the next one is dialled afresh. */
  reset(cause: unknown): void {
    this.#link.reset(cause)
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  #onUp(connection: RedisConnection): void {
    const commands = this.tags.flatMap((tag) => chunksOf(this.#deps.topicsOf(tag)))
    if (commands.length === 0) {
      this.#onComplete(connection)
      return
    }
    Promise.all(commands.map((topics) => connection.subscribe(topics))).then(
      () => this.#onComplete(connection),
      (error: unknown) => connection.close(error),
    )
  }

  #onComplete(connection: RedisConnection): void {
    if (!connection.isOpen) return
    this.#complete = connection
    this.#deps.onSound()
  }
}

function chunksOf(topics: readonly string[]): readonly (readonly string[])[] {
  const chunks: string[][] = []
  for (let at = 0; at < topics.length; at += TOPICS_PER_COMMAND) {
    chunks.push(topics.slice(at, at + TOPICS_PER_COMMAND))
  }
  return chunks
}
