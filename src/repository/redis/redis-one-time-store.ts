import type { Clock } from '../../domain/clock.js'
import { assertOneTimeValue, type OneTimeStore } from '../../domain/one-time-store.js'
import type { SessionRedis } from './session-redis.js'
import { guardValues } from './store-error.js'

export interface RedisOneTimeStoreDeps {
  readonly redis: Pick<SessionRedis, 'send'>
  /** Before the name of every key. */
  readonly keyPrefix: string
  readonly clock: Clock
}

/**
 * One-time values in Redis. Each carries its end in front, so that the clock of the caller decides and not
 * only that of the server, which removes what nobody took.
 */
export function createRedisOneTimeStore(deps: RedisOneTimeStoreDeps): OneTimeStore {
  const { redis, keyPrefix, clock } = deps
  const keyOf = (key: string): string => `${keyPrefix}once:${key}`

  return {
    async put(key, value, expiresAt) {
      assertOneTimeValue(value)
      const ttlMs = String(Math.max(1, expiresAt - clock.now()))
      const set = ['SET', keyOf(key), `${expiresAt}:${value}`, 'PX', ttlMs]
      await guardValues(() => redis.send(keyOf(key), set))
    },
    async take(key, now) {
      const kept = await guardValues(() => redis.send(keyOf(key), ['GETDEL', keyOf(key)]))
      if (typeof kept !== 'string') return null
      const end = kept.indexOf(':')
      return now < Number(kept.slice(0, end)) ? kept.slice(end + 1) : null
    },
  }
}
