import type { RedisEndpoint } from './redis-endpoint.js'
import type { TrackedReply } from './redis-link.js'

/** One server to subscribe at, and which of the partitions live there. */
export interface RedisFeed {
  /** Names the feed; two feeds of one name and the same tags are the same. */
  readonly name: string
  readonly resolve: () => RedisEndpoint | Promise<RedisEndpoint>
  readonly tags: readonly string[]
}

/** Knows which server answers for which key, and follows it when that changes. */
export interface RedisRouter {
  /** Begins to connect. */
  start(): void
  /** One command to the master of `key`. Raises UNAVAILABLE within the deadline, or the error reply. */
  send(key: string, args: readonly string[]): Promise<TrackedReply>
  /** Whether the master of `key` is connected and not in doubt. */
  isSound(key: string): boolean
  /** Whether anything can be asked at all. */
  isAnySound(): boolean
  /** Whether every master is connected and not in doubt. */
  isAllSound(): boolean
  /** Hash tags of the partitions of the message bus; a single empty one without a cluster. */
  readonly tags: readonly string[]
  /** Where to subscribe for the partitions. */
  feeds(): readonly RedisFeed[]
  /** Called after `feeds()` may have changed. */
  onFeedsChanged(listener: () => void): void
  close(): Promise<void>
}
