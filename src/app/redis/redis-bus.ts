import type { Logger } from '../../domain/logger.js'
import type { DeadlineQueue } from './deadline-queue.js'
import { RedisLink } from './redis-link.js'
import type { RedisFeed, RedisRouter } from './redis-router.js'
import { waitUntilMostAreUp } from './start-deadline.js'

export interface RedisBusListener {
  onMessage(name: string, message: string): void
  /** A subscription is overdue or lost: messages may be missed from now on. */
  onDoubt(): void
  /** All subscriptions stand again: what was sent in between is lost. */
  onRestored(): void
}

/** Messages between processes: at most once, in order for one sender. */
export interface RedisBus {
  /** Sends to whoever listens to `name` now. Raises UNAVAILABLE. */
  publish(name: string, message: string): Promise<void>
  /**
   * Subscribes to `names`, on one connection per node of Redis; resolves when every subscription stands, or
   * some do and the others are dead: then in doubt. Raises UNAVAILABLE when none stands in time. Once per bus.
   */
  listen(names: readonly string[], listener: RedisBusListener): Promise<void>
  /** False while any subscription is down or in doubt. */
  readonly isSound: boolean
  /** Ends the subscriptions. */
  close(): Promise<void>
}

export interface RedisBusDeps {
  readonly router: RedisRouter
  readonly deadlines: DeadlineQueue
  readonly logger: Logger
  readonly channelPrefix: string
  /** How long `listen` waits for the subscriptions, in milliseconds. */
  readonly startTimeoutMs: number
}

interface OpenFeed {
  readonly link: RedisLink
  readonly tags: readonly string[]
}

interface Listening {
  readonly names: readonly string[]
  readonly listener: RedisBusListener
}

export function createRedisBus(deps: RedisBusDeps): RedisBus {
  return new PubSubBus(deps)
}

class PubSubBus implements RedisBus {
  readonly #deps: RedisBusDeps
  readonly #isSharded: boolean
  /** Each process sends through a partition of its own: the load spreads and its messages stay in order. */
  readonly #home: number
  readonly #open = new Map<string, OpenFeed>()
  readonly #closing = new Set<Promise<void>>()
  #listening: Listening | undefined

  constructor(deps: RedisBusDeps) {
    this.#deps = deps
    const { tags } = deps.router
    this.#isSharded = tags.length > 1
    this.#home = Math.floor(Math.random() * tags.length)
    deps.router.onFeedsChanged(() => this.#follow())
  }

  async publish(name: string, message: string): Promise<void> {
    const base = this.#baseToUse()
    const command = this.#isSharded ? 'SPUBLISH' : 'PUBLISH'
    await this.#deps.router.send(base, [command, base + name, message])
  }

  async listen(names: readonly string[], listener: RedisBusListener): Promise<void> {
    this.#listening = { names, listener }
    this.#follow()
    const isAny = (): boolean => [...this.#open.values()].some(isFeedSound)
    const up = { isAny, isAll: () => this.isSound }
    if (!(await waitUntilMostAreUp(up, this.#deps.startTimeoutMs))) listener.onDoubt()
  }

  get isSound(): boolean {
    return this.#open.size > 0 && [...this.#open.values()].every(isFeedSound)
  }

  async close(): Promise<void> {
    this.#listening = undefined
    for (const [name, feed] of this.#open) this.#closeFeed(name, feed)
    await Promise.all(this.#closing)
  }

  /** What the names of a partition's channels begin with. */
  #baseOf(tag: string): string {
    return this.#deps.channelPrefix + (this.#isSharded ? `{${tag}}` : '')
  }

  /** The home partition, or the next one whose node is sound. */
  #baseToUse(): string {
    const { router } = this.#deps
    const { tags } = router
    const order = [...tags.slice(this.#home), ...tags.slice(0, this.#home)]
    const bases = order.map((tag) => this.#baseOf(tag))
    return bases.find((base) => router.isSound(base)) ?? bases[0] ?? ''
  }

  /** Subscribes where the partitions are now. */
  #follow(): void {
    const listening = this.#listening
    if (!listening) return
    const wanted = new Map(this.#deps.router.feeds().map((feed) => [feed.name, feed]))
    let isChanged = false
    for (const [name, feed] of this.#open) {
      if (wanted.get(name)?.tags.join() === feed.tags.join()) continue
      this.#closeFeed(name, feed)
      isChanged = true
    }
    if (isChanged) listening.listener.onDoubt()
    for (const feed of wanted.values()) {
      if (!this.#open.has(feed.name)) this.#openFeed(feed, listening)
    }
  }

  #openFeed({ name, resolve, tags }: RedisFeed, { names, listener }: Listening): void {
    const channels = new Map(
      tags.flatMap((tag) => names.map((word) => [this.#baseOf(tag) + word, word] as const)),
    )
    const subscription = {
      channels: [...channels.keys()],
      isSharded: this.#isSharded,
      onMessage: (channel: string, message: string) => {
        listener.onMessage(channels.get(channel) ?? '', message)
      },
    }
    const { deadlines, logger } = this.#deps
    const link = new RedisLink({
      resolve,
      role: { subscription },
      onUp: () => {
        if (this.isSound) listener.onRestored()
      },
      onDoubt: () => listener.onDoubt(),
      deadlines,
      logger,
    })
    this.#open.set(name, { link, tags })
    link.start()
  }

  #closeFeed(name: string, { link }: OpenFeed): void {
    this.#open.delete(name)
    const closed = link.close().finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
  }
}

function isFeedSound({ link }: OpenFeed): boolean {
  return link.connection?.trust.isTrusted === true
}
