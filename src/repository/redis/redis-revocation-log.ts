import { randomBytes } from 'node:crypto'
import type { Revocation, RevocationLog } from '../../domain/revocation.js'
import type { SessionRedis } from './session-redis.js'
import { toEndReason, toTexts } from './session-record.js'
import { guardSessions as guard } from './store-error.js'

/**
 * KEYS: the numbers (ordered set of session ids), the entries (hash by session id), and the state (hash:
 * `epoch`; `newest`, the highest number given; `trimmed`, the highest number removed).
 */
const SHARED = `
local numbers, entries, state = KEYS[1], KEYS[2], KEYS[3]
local function epochOr(fresh)
  redis.call('HSETNX', state, 'epoch', fresh)
  return redis.call('HGET', state, 'epoch')
end
local function stateNumber(name) return tonumber(redis.call('HGET', state, name) or '0') end
local function sessionAt(number) return redis.call('ZRANGEBYSCORE', numbers, number, number)[1] or '' end
local function endedAt(id) return tonumber(cjson.decode(redis.call('HGET', entries, id))[3]) end
local function firstSince(instant)
  local from = 0
  while true do
    local ids = redis.call('ZRANGE', numbers, from, from + 99)
    for i, id in ipairs(ids) do if endedAt(id) >= instant then return from + i - 1, id end end
    if #ids < 100 then return from + #ids, nil end
    from = from + 100
  end
end
`

/** ARGV: a fresh epoch, then session id and entry in turn. */
const APPEND_SCRIPT = `${SHARED}
epochOr(ARGV[1])
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', entries, ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('ZADD', numbers, redis.call('HINCRBY', state, 'newest', 1), ARGV[i])
  end
end
return 1
`

/** ARGV: epoch, number, session id, limit. Answers false, or number, session id and entry in turn. */
const READ_SCRIPT = `${SHARED}
local number, there = tonumber(ARGV[2]), sessionAt(ARGV[2])
if redis.call('HGET', state, 'epoch') ~= ARGV[1] then return false end
if number > stateNumber('newest') or number < stateNumber('trimmed') then return false end
if ARGV[3] ~= '' and there ~= '' and there ~= ARGV[3] then return false end
local found = redis.call('ZRANGEBYSCORE', numbers, '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local answer = {}
for i = 1, #found, 2 do
  answer[#answer + 1] = found[i + 1]
  answer[#answer + 1] = found[i]
  answer[#answer + 1] = redis.call('HGET', entries, found[i])
end
return answer
`

/** ARGV: a fresh epoch, the instant. Answers epoch, number and session id of the position. */
const POSITION_SCRIPT = `${SHARED}
local epoch = epochOr(ARGV[1])
local rank, id = firstSince(tonumber(ARGV[2]))
local number = stateNumber('newest')
if id then number = tonumber(redis.call('ZSCORE', numbers, id)) - 1 end
return {epoch, string.format('%.0f', number), sessionAt(number)}
`

/** ARGV: the instant. Answers how many were removed. */
const TRIM_SCRIPT = `${SHARED}
local count = firstSince(tonumber(ARGV[1]))
if count == 0 then return 0 end
local ids = redis.call('ZRANGE', numbers, 0, count - 1)
redis.call('HSET', state, 'trimmed', redis.call('ZSCORE', numbers, ids[#ids]))
for _, id in ipairs(ids) do redis.call('HDEL', entries, id) end
redis.call('ZREMRANGEBYRANK', numbers, 0, count - 1)
return count
`

const EPOCH_BYTES = 8
/** Sessions written in one script, so that none holds the server for long. */
const APPEND_SESSIONS_MAX = 500

export interface RedisRevocationLogDeps {
  readonly redis: Pick<SessionRedis, 'run'>
  /** Before the name of every key; without braces. */
  readonly keyPrefix: string
}

/** The log of ended sessions in Redis: three keys in one hash slot, each step one script. */
export function createRedisRevocationLog(deps: RedisRevocationLogDeps): RevocationLog {
  const base = `${deps.keyPrefix}{revocations}:`
  const keys = [`${base}numbers`, `${base}entries`, `${base}state`] as const
  const run = (script: string, args: readonly string[]): Promise<unknown> =>
    guard(() => deps.redis.run(script, keys, args))
  const freshEpoch = (): string => randomBytes(EPOCH_BYTES).toString('hex')

  return {
    async append(sessions, endedAt) {
      for (let from = 0; from < sessions.length; from += APPEND_SESSIONS_MAX) {
        const entries = sessions
          .slice(from, from + APPEND_SESSIONS_MAX)
          .flatMap(({ id, userId, reason }) => [id, JSON.stringify([userId, reason, endedAt])])
        await run(APPEND_SCRIPT, [freshEpoch(), ...entries])
      }
    },
    async read(after, limit) {
      const args = [after.epoch, String(after.number), after.sessionId, String(limit)]
      const reply = await run(READ_SCRIPT, args)
      if (!Array.isArray(reply)) return null
      const revocations = toRevocations(toTexts(reply))
      const last = revocations.at(-1)
      const position = last
        ? { epoch: after.epoch, number: last.number, sessionId: last.id }
        : after
      return { revocations, position }
    },
    async positionAt(since) {
      const reply = await run(POSITION_SCRIPT, [freshEpoch(), String(since)])
      const [epoch, number, sessionId] = toTexts(reply)
      return { epoch: epoch ?? '', number: Number(number), sessionId: sessionId ?? '' }
    },
    trim: async (before) => Number(await run(TRIM_SCRIPT, [String(before)])),
  }
}

function toRevocations(fields: readonly (string | null)[]): Revocation[] {
  const revocations: Revocation[] = []
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const entry: unknown = JSON.parse(fields[at + 2] ?? '[]')
    const [userId = '', reason, endedAt = 0] = entry as [string?, string?, number?]
    revocations.push({
      number: Number(fields[at]),
      id: fields[at + 1] ?? '',
      userId,
      reason: toEndReason(reason) ?? 'expired',
      endedAt,
    })
  }
  return revocations
}
