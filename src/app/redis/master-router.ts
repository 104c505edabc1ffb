import type { RedisEndpoint } from './redis-endpoint.js'
import type { RedisLink, TrackedReply } from './redis-link.js'
import type { RedisFeed, RedisRouter } from './redis-router.js'

export interface MasterRouterDeps {
  readonly link: RedisLink
  readonly resolve: () => RedisEndpoint | Promise<RedisEndpoint>
}

export interface MasterRouter extends RedisRouter {
  /** Drops the connections to the present master, so that the next ones are resolved afresh. */
  move(cause: unknown): void
}

/** All keys on one master: a single Redis, or the one that Sentinel names. */
export function createMasterRouter({ link, resolve }: MasterRouterDeps): MasterRouter {
  const listeners: (() => void)[] = []
  // Another name is another feed: whoever listens subscribes again.
  let moves = 0
  const feeds = (): readonly RedisFeed[] => [{ name: `master-${moves}`, resolve, tags: [''] }]
  const isSound = (): boolean => link.connection?.trust.isTrusted === true

  return {
    start: () => link.start(),
    send: (_key, args): Promise<TrackedReply> => link.send(args),
    isSound,
    isAnySound: isSound,
    isAllSound: isSound,
    tags: [''],
    feeds,
    onFeedsChanged: (listener) => void listeners.push(listener),
    move(cause) {
      moves += 1
      link.reset(cause)
      for (const listener of listeners) listener()
    },
    close: () => link.close(),
  }
}
