import type { Logger } from '../../domain/logger.js'
import { AppError } from '../../errors/app-error.js'
import type { DeadlineQueue } from './deadline-queue.js'
import { redisUnavailable } from './redis-error.js'
import { RedisFeedLink } from './redis-feed-link.js'
import type { RedisFeed, RedisRouter } from './redis-router.js'
import { waitUntilMostAreUp } from './start-deadline.js'

export interface RedisBusListener {
  onMessage(name: string, message: string): void
  /** A subscription is overdue or lost: messages may be missed from now on. */
  onDoubt(): void
  /** All subscriptions stand again: what was sent in between is lost. */
  onRestored(): void
}

export interface RedisTopicListener {
  onMessage(name: string, message: string): void
  /** The subscriptions of these partitions are overdue or lost: messages may be missed from now on. */
  onDoubt(tags: readonly string[]): void
  /** They stand again: what was sent in between is lost. */
  onRestored(tags: readonly string[]): void
}

/** Subscriptions that come and go. A name is a whole channel of the server, with its hash tag on a Cluster. */
export interface RedisTopics {
  /** Hash tags of the partitions; a single empty one without a Cluster. */
  readonly tags: readonly string[]
  /** What a script publishes with. */
  readonly publishCommand: 'PUBLISH' | 'SPUBLISH'
  /**
   * Begins to listen; resolves when the connections stand, or some do and the others are dead: then in doubt. Raises
   * UNAVAILABLE when none stands in time. Once per bus.
   */
  listen(listener: RedisTopicListener): Promise<void>
  /** Resolves when the subscription stands; it is renewed until it is taken back. Raises UNAVAILABLE in time. */
  subscribe(tag: string, name: string): Promise<void>
  unsubscribe(tag: string, name: string): void
  /** Whether the subscriptions of a partition stand and are not in doubt. */
  isSound(tag: string): boolean
  /** Takes back all of them. */
  close(): void
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
  readonly topics: RedisTopics
  /** Ends the subscriptions, those of the topics too. */
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

const SUBSCRIBE_ATTEMPTS_MAX = 3

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
  readonly #open = new Map<string, RedisFeedLink>()
  readonly #closing = new Set<Promise<void>>()
  #listening: Listening | undefined
  /** What stands, or is to stand, of each partition. */
  readonly #topicNames = new Map<string, Set<string>>()
  #topicListener: RedisTopicListener | undefined
  readonly topics: RedisTopics

  constructor(deps: RedisBusDeps) {
    this.#deps = deps
    const { tags } = deps.router
    this.#isSharded = tags.length > 1
    this.#home = Math.floor(Math.random() * tags.length)
    deps.router.onFeedsChanged(() => this.#follow())
    this.topics = {
      tags,
      publishCommand: this.#isSharded ? 'SPUBLISH' : 'PUBLISH',
      listen: async (listener) => {
        this.#topicListener = listener
        this.#follow()
        await this.#whenUp(() => {
          listener.onDoubt(tags.filter((tag) => !this.topics.isSound(tag)))
        })
      },
      subscribe: (tag, name) => this.#subscribe(tag, name),
      unsubscribe: (tag, name) => this.#unsubscribe(tag, name),
      isSound: (tag) => this.#feedOf(tag)?.isSound === true,
      close: () => this.#closeTopics(),
    }
  }

  async publish(name: string, message: string): Promise<void> {
    const base = this.#baseToUse()
    await this.#deps.router.send(base, [this.topics.publishCommand, base + name, message])
  }

  async listen(names: readonly string[], listener: RedisBusListener): Promise<void> {
    this.#listening = { names, listener }
    // A feed subscribes to the names when it is dialled: those that topics have opened know none yet.
    for (const feed of this.#open.values()) this.#closeFeed(feed)
    this.#follow()
    await this.#whenUp(() => listener.onDoubt())
  }

  get isSound(): boolean {
    return this.#open.size > 0 && [...this.#open.values()].every(({ isSound }) => isSound)
  }

  async close(): Promise<void> {
    this.#listening = undefined
    this.#topicListener = undefined
    for (const feed of this.#open.values()) this.#closeFeed(feed)
    await Promise.all(this.#closing)
  }

  async #whenUp(onPartly: () => void): Promise<void> {
    const isAny = (): boolean => [...this.#open.values()].some(({ isSound }) => isSound)
    const up = { isAny, isAll: () => this.isSound }
    if (!(await waitUntilMostAreUp(up, this.#deps.startTimeoutMs))) onPartly()
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
    if (!this.#listening && !this.#topicListener) return
    const wanted = new Map(this.#deps.router.feeds().map((feed) => [feed.name, feed]))
    for (const feed of this.#open.values()) {
      if (wanted.get(feed.name)?.tags.join() !== feed.tags.join()) this.#closeFeed(feed)
    }
    for (const feed of wanted.values()) {
      if (!this.#open.has(feed.name)) this.#openFeed(feed)
    }
  }

  #openFeed({ name, resolve, tags }: RedisFeed): void {
    const { deadlines, logger } = this.#deps
    const names = this.#listening?.names ?? []
    const words = new Map(
      tags.flatMap((tag) => names.map((word) => [this.#baseOf(tag) + word, word] as const)),
    )
    const feed = new RedisFeedLink({
      ...{ name, resolve, tags, deadlines, logger },
      isSharded: this.#isSharded,
      channels: [...words.keys()],
      topicsOf: (tag) => [...(this.#topicNames.get(tag) ?? [])],
      onMessage: (channel, message) => {
        const word = words.get(channel)
        if (word === undefined) this.#topicListener?.onMessage(channel, message)
        else this.#listening?.listener.onMessage(word, message)
      },
      onSound: () => {
        if (this.isSound) this.#listening?.listener.onRestored()
        this.#topicListener?.onRestored(tags)
      },
      onDoubt: () => this.#doubt(tags),
    })
    this.#open.set(name, feed)
    feed.start()
  }

  #closeFeed(feed: RedisFeedLink): void {
    this.#open.delete(feed.name)
    const closed = feed.close().finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
    this.#doubt(feed.tags)
  }

  #doubt(tags: readonly string[]): void {
    this.#listening?.listener.onDoubt()
    this.#topicListener?.onDoubt(tags)
  }

  #feedOf(tag: string): RedisFeedLink | undefined {
    return [...this.#open.values()].find(({ tags }) => tags.includes(tag))
  }

  async #subscribe(tag: string, name: string): Promise<void> {
    const names = this.#topicNames.get(tag) ?? new Set()
    this.#topicNames.set(tag, names)
    names.add(name)
    for (let attempt = 1; ; attempt += 1) {
      const feed = this.#feedOf(tag)
      try {
        if (!feed) throw redisUnavailable()
        await feed.subscribe(name)
        return
      } catch (error) {
        // The partition lives elsewhere: whoever dials anew finds out where.
        if (!(error instanceof AppError)) feed?.reset(error)
        if (attempt < SUBSCRIBE_ATTEMPTS_MAX && names.has(name)) continue
        names.delete(name)
        throw redisUnavailable(error)
      }
    }
  }

  #unsubscribe(tag: string, name: string): void {
    if (this.#topicNames.get(tag)?.delete(name) === true) this.#feedOf(tag)?.unsubscribe(name)
  }

  #closeTopics(): void {
    this.#topicListener = undefined
    if (!this.#listening) for (const feed of this.#open.values()) this.#closeFeed(feed)
    for (const [tag, names] of this.#topicNames) {
      for (const name of [...names]) this.#unsubscribe(tag, name)
    }
  }
}
