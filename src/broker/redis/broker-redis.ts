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

/** What the broker needs of Redis. */
export interface BrokerRedis {
  readonly bus: BrokerBus
  /** Runs a Lua script whose keys are all in the slot of the first one. Raises UNAVAILABLE in time. */
  run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly string[],
  ): Promise<unknown>
}
