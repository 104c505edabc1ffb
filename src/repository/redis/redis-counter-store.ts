import { assertCounterStep, type CounterState, type CounterStore } from '../../domain/counter.js'
import type { SessionRedis } from './session-redis.js'
import { guardValues } from './store-error.js'

export interface RedisCounterStoreDeps {
  readonly redis: Pick<SessionRedis, 'send' | 'run'>
  /** Before the name of every key. */
  readonly keyPrefix: string
}

/**
 * KEYS: the counter. ARGV: amount, length of the window, now. Answers the count and the end of the window.
 * The window ends by the clock of the caller; the expiry only sees to it that nothing stays behind.
 */
const ADD_SCRIPT = `
local amount, window, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local r = redis.call('HMGET', KEYS[1], 'count', 'resetsAt')
local count, resetsAt = tonumber(r[1] or 0), tonumber(r[2] or 0)
local isNew = now >= resetsAt
if isNew then count, resetsAt = 0, now + window end
if amount > 0 then
  count = count + amount
  redis.call('HSET', KEYS[1], 'count', string.format('%.0f', count),
    'resetsAt', string.format('%.0f', resetsAt))
  if isNew then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return {count, resetsAt}
`

/** Counters in Redis, one hash each. */
export function createRedisCounterStore({ redis, keyPrefix }: RedisCounterStoreDeps): CounterStore {
  const keyOf = (key: string): string => `${keyPrefix}counter:${key}`

  return {
    async add(key, amount, windowMs, now) {
      assertCounterStep(amount, windowMs)
      const args = [amount, windowMs, now].map(String)
      return guardValues(async () => toState(await redis.run(ADD_SCRIPT, [keyOf(key)], args)))
    },
    async clear(key) {
      await guardValues(() => redis.send(keyOf(key), ['DEL', keyOf(key)]))
    },
  }
}

function toState(reply: unknown): CounterState {
  const [count, resetsAt] = Array.isArray(reply) ? (reply as unknown[]) : []
  if (typeof count === 'number' && typeof resetsAt === 'number') return { count, resetsAt }
  throw new Error('the script answered with something else than two numbers')
}
