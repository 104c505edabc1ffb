export interface BusListener {
  onMessage(name: string, message: string): void
  /** A subscription is overdue or lost: messages may be missed from now on. */
  onDoubt(): void
  /** All subscriptions stand again: what was sent in between is lost. */
  onRestored(): void
}

/** Messages between processes: at most once, in order for one sender. */
export interface BrokerBus {
  /** Sends to whoever listens to `name` now. Raises UNAVAILABLE. */
  publish(name: string, message: string): Promise<void>
  /**
   * Subscribes; resolves when every subscription stands, or at least one, and then in doubt.
   * Raises UNAVAILABLE when none does.
   */
  listen(names: readonly string[], listener: BusListener): Promise<void>
  /** False while any subscription is down or in doubt. */
  readonly isSound: boolean
  close(): Promise<void>
}

export interface TopicListener {
  onMessage(name: string, message: string): void
  /** The subscriptions of these partitions are overdue or lost: messages may be missed from now on. */
  onDoubt(tags: readonly string[]): void
  /** They stand again: what was sent in between is lost. */
  onRestored(tags: readonly string[]): void
}

/**
 * Subscriptions that come and go, on the same connections as the bus. A name is a whole channel of the server, with
 * the hash tag of its partition where there are several.
 */
export interface BrokerTopics {
  /** Hash tags of the partitions; a single empty one without a Cluster. */
  readonly tags: readonly string[]
  /** What a script publishes with. */
  readonly publishCommand: 'PUBLISH' | 'SPUBLISH'
  /** Begins to listen. Raises UNAVAILABLE when no server can be subscribed at. */
  listen(listener: TopicListener): Promise<void>
  /** Resolves when the subscription stands; it is renewed until it is taken back. Raises UNAVAILABLE in time. */
  subscribe(tag: string, name: string): Promise<void>
  unsubscribe(tag: string, name: string): void
  /** Whether the subscriptions of a partition stand and are not in doubt. */
  isSound(tag: string): boolean
  /** Takes back all of them. */
  close(): void
}

/** What the broker needs of Redis. */
export interface BrokerRedis {
  readonly bus: BrokerBus
  readonly topics: BrokerTopics
  /** Runs a Lua script whose keys are all in the slot of the first one. Raises UNAVAILABLE in time. */
  run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly string[],
  ): Promise<unknown>
}
