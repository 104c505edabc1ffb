/**
 * Channels between processes: publications with an order, a bounded history, and presence. It knows channels and
 * processes, never connections. The vocabulary is Centrifugo's (https://centrifugal.dev/docs/server/history_and_recovery).
 */

/** A place in the stream of a channel. A stream that was lost begins again under another epoch. */
export interface StreamPosition {
  /** Number of the newest publication seen; 0 before the first. */
  readonly offset: number
  readonly epoch: string
}

/** Who is behind one connection, as others on the channel may see it. */
export interface ClientInfo {
  /** Id of the connection, not of the browser. */
  readonly connectionId: string
  /** Empty for an anonymous connection. */
  readonly userId: string
  /** JSON text that came with the connection, or null. */
  readonly connectionInfo: string | null
  /** JSON text that came with the subscription, or null. */
  readonly channelInfo: string | null
}

export interface Publication {
  /** 0 on a channel without history. */
  readonly offset: number
  /** JSON text, as it goes to the clients. */
  readonly data: string
  /** The connection that published it; null when a server did. */
  readonly info: ClientInfo | null
  readonly tags: Readonly<Record<string, string>> | null
}

export interface PublishOptions {
  /** Null keeps nothing: the publication gets offset 0 and cannot be recovered. */
  readonly history: { readonly size: number; readonly lifetimeMs: number } | null
  /** The same key on the same channel within its lifetime is one publication. */
  readonly idempotency: { readonly key: string; readonly lifetimeMs: number } | null
  readonly info: ClientInfo | null
  readonly tags: Readonly<Record<string, string>> | null
}

export interface PublishOutcome {
  /** Where the publication stands; null without history. */
  readonly position: StreamPosition | null
  /** True when the idempotency key was used before: nothing was published, `position` is that of the first. */
  readonly duplicate: boolean
}

export interface HistoryQuery {
  /** Only what is newer (with `reverse`: older) than this position; null for the whole. */
  readonly since: StreamPosition | null
  /** At most so many publications; 0 asks only for the position. */
  readonly limit: number
  readonly reverse: boolean
}

export interface HistoryPage {
  readonly publications: readonly Publication[]
  /** The top of the stream at the same instant. */
  readonly position: StreamPosition
}

/** What a process hears of the channels it is subscribed to. Calls are synchronous and must not throw. */
export interface ChannelListener {
  /** In the order of the stream. `epoch` is empty on a channel without history. */
  onPublication(channel: string, publication: Publication, epoch: string): void
  onJoin(channel: string, info: ClientInfo): void
  onLeave(channel: string, info: ClientInfo): void
  /** Messages of these channels, or of all (null), may have been lost: compare the positions. */
  onUnsure(channels: readonly string[] | null): void
}

/**
 * Every method raises UNAVAILABLE when the store cannot be reached in time. The name of a channel is any text without
 * NUL; who takes names from outside bounds their length.
 */
export interface ChannelBroker {
  start(listener: ChannelListener): Promise<void>
  /** Resolves when everything published from now on reaches the listener. The caller counts its subscribers. */
  subscribe(channel: string): Promise<void>
  /** From here on nothing of the channel reaches the listener. */
  unsubscribe(channel: string): Promise<void>
  /** Appends, numbers, checks the idempotency key and publishes, in one atomic step. `data` is JSON text. */
  publish(channel: string, data: string, options: PublishOptions): Promise<PublishOutcome>
  publishJoin(channel: string, info: ClientInfo): Promise<void>
  publishLeave(channel: string, info: ClientInfo): Promise<void>
  /**
   * A page of the stream and its top, read in one step. Makes the stream (and so its epoch) when it is absent.
   * Forward pages begin after `since`, in order; whether the whole gap is there, the caller checks by the offsets.
   */
  history(channel: string, query: HistoryQuery): Promise<HistoryPage>
  removeHistory(channel: string): Promise<void>
  /** The tops of several streams at once, by channel; a stream that does not exist is left out. */
  positions(channels: readonly string[]): Promise<ReadonlyMap<string, StreamPosition>>
  close(): Promise<void>
}

export interface PresenceStats {
  readonly connections: number
  readonly users: number
}

/**
 * Who is on a channel, over all processes. An entry belongs to its connection and to the lease of its process:
 * when a process dies its entries are swept by exactly one of the others, within 15 s. Every method raises
 * UNAVAILABLE when the store cannot be reached in time.
 */
export interface PresenceStore {
  /**
   * Begins to renew the lease of this process, and to sweep: `onSwept` gets each entry of a dead process once, over
   * all processes. `onLost` is called when the entries of this process may have been swept, because its lease had
   * lapsed, or lost with the store: add them again. Once, before the first `add`.
   */
  start(onSwept: (channel: string, info: ClientInfo) => void, onLost?: () => void): Promise<void>
  /** Enters or renews. True when it was not there before. */
  add(channel: string, info: ClientInfo): Promise<boolean>
  /**
   * Enters or renews like `add`, where there is room for `connectionsMax` entries: true when the entry is there now,
   * false when it is one too many and nothing has changed. An entry that is there already takes no second place, and
   * one of a process whose lease has run out takes none. One atomic step: of any number that race for the places,
   * over all processes, exactly as many get in as there are places.
   */
  addWithin(channel: string, info: ClientInfo, connectionsMax: number): Promise<boolean>
  /** True when it was there. */
  remove(channel: string, connectionId: string): Promise<boolean>
  /** At most `limit` entries. */
  list(channel: string, limit: number): Promise<readonly ClientInfo[]>
  stats(channel: string): Promise<PresenceStats>
  /** Connections of one user on a channel. */
  countOfUser(channel: string, userId: string): Promise<number>
  /** Removes what this process has left and gives up its lease. */
  close(): Promise<void>
}
