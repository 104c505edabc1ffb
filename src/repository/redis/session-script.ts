/**
 * The steps of the session store that must be atomic. KEYS[1] is always the user's ordered set, KEYS[2] the hash
 * of the ends that are on their way into the log; the hashes of
 * sessions are named by a base (same hash tag, hence same slot) and an id. Instants and lengths are
 * milliseconds. A hash with a `reason` is what is left of an ended session.
 */
const SHARED = `
local set, base = KEYS[1], ARGV[1]
local function overReason(key, now)
  local r = redis.call('HMGET', key, 'reason', 'idleExpiresAt', 'expiresAt')
  if r[1] then return r[1] end
  if not r[2] then return 'unknown' end
  local idle, absolute = tonumber(r[2]), tonumber(r[3])
  if now < idle and now < absolute then return nil end
  return idle < absolute and 'idle_timeout' or 'expired'
end
local function finish(id, reason, userId, retention)
  local key = base .. id
  local ttl = math.max(redis.call('PTTL', key), retention)
  redis.call('DEL', key)
  redis.call('HSET', key, 'userId', userId, 'reason', reason)
  redis.call('PEXPIRE', key, string.format('%.0f', ttl))
  redis.call('ZREM', set, id)
  redis.call('HSET', KEYS[2], id, reason)
  redis.call('PEXPIRE', KEYS[2], string.format('%.0f', retention))
end
local function keep(id, ttl)
  local length = string.format('%.0f', ttl)
  redis.call('PEXPIRE', base .. id, length)
  if redis.call('PTTL', set) < ttl then redis.call('PEXPIRE', set, length) end
end
`

/**
 * ARGV: base, id, user, now, idle end, retention, limit (-1: none), what to do at the limit, end reason, whether
 * the user is noted as one whose sessions end (1), then the fields of the hash. Answers `exists`, `refused`,
 * `unnoted` when a session would have to end, or `created` and the ids that had to give way.
 */
export const CREATE_SCRIPT = `${SHARED}
local id, userId, now, idle, retention = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local limit, onLimit, reason = tonumber(ARGV[7]), ARGV[8], ARGV[9]
if redis.call('EXISTS', base .. id) == 1 then return {'exists'} end
local live = {}
-- Without a limit nobody counts, and a few of the oldest a time are enough to tidy up.
for _, other in ipairs(redis.call('ZRANGE', set, 0, limit < 0 and 9 or -1)) do
  if overReason(base .. other, now) then redis.call('ZREM', set, other)
  else live[#live + 1] = other end
end
local answer = {'created'}
if limit >= 0 and #live >= limit then
  if onLimit == 'refuse' then return {'refused'} end
  if ARGV[10] ~= '1' then return {'unnoted'} end
  for i = 1, math.min(#live, #live - limit + 1) do
    finish(live[i], reason, userId, retention)
    answer[#answer + 1] = live[i]
  end
end
redis.call('HSET', base .. id, unpack(ARGV, 11))
local score = now
local last = redis.call('ZREVRANGEBYSCORE', set, '(' .. string.format('%.0f', now + 1),
  string.format('%.0f', now), 'WITHSCORES', 'LIMIT', 0, 1)
if last[2] then score = tonumber(last[2]) + 0.001 end
redis.call('ZADD', set, string.format('%.3f', score), id)
keep(id, idle - now + retention)
return answer
`

/**
 * ARGV: base, id, user, now, idle end, retention, presented hash, next hash, client, sealed pair, length of
 * the replay window, signing key, whether the user is noted as one whose sessions end (1). Answers an outcome and
 * what belongs to it; `unnoted` when the session would have to end.
 */
export const ROTATE_SCRIPT = `${SHARED}
local id, userId, now, retention = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6])
local presented, client = ARGV[7], ARGV[9]
local key = base .. id
local reason = overReason(key, now)
if reason then return {'over', reason} end
local r = redis.call('HMGET', key, 'refreshHash', 'previousHash', 'rotatedAt', 'rotatedBy',
  'sealedPair', 'lastSeenAt', 'idleExpiresAt', 'expiresAt')
if r[1] == presented then
  local idle = math.max(tonumber(r[7]), math.min(tonumber(ARGV[5]), tonumber(r[8])))
  redis.call('HSET', key, 'refreshHash', ARGV[8], 'previousHash', presented, 'rotatedAt', ARGV[4],
    'rotatedBy', client, 'sealedPair', ARGV[10], 'keyId', ARGV[12],
    'lastSeenAt', string.format('%.0f', math.max(tonumber(r[6]), now)),
    'idleExpiresAt', string.format('%.0f', idle))
  keep(id, idle - now + retention)
  return {'rotated'}
end
if r[2] == presented and r[4] == client and now < tonumber(r[3]) + tonumber(ARGV[11]) then
  return {'replayed', r[5]}
end
if ARGV[13] ~= '1' then return {'unnoted'} end
finish(id, 'reuse_detected', userId, retention)
return {'reused'}
`

/** ARGV: base, id, seen at, idle end, retention. */
export const TOUCH_SCRIPT = `${SHARED}
local key = base .. ARGV[2]
if overReason(key, tonumber(ARGV[3])) then return 0 end
local r = redis.call('HMGET', key, 'lastSeenAt', 'idleExpiresAt', 'expiresAt')
local seen = math.max(tonumber(r[1]), tonumber(ARGV[3]))
local idle = math.max(tonumber(r[2]), math.min(tonumber(ARGV[4]), tonumber(r[3])))
if seen == tonumber(r[1]) and idle == tonumber(r[2]) then return 0 end
redis.call('HSET', key, 'lastSeenAt', string.format('%.0f', seen),
  'idleExpiresAt', string.format('%.0f', idle))
keep(ARGV[2], idle - seen + tonumber(ARGV[5]))
return 1
`

/**
 * ARGV: base, user, now, retention, reason, then which: `one` and the session to end, `all` and the session to
 * spare, or `client` and the client; last, where given, the key that must have signed them.
 * Answers the ids that were live and are now over.
 */
export const END_SCRIPT = `${SHARED}
local userId, now, retention, reason = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local ids = {ARGV[7]}
if ARGV[6] ~= 'one' then ids = redis.call('ZRANGE', set, 0, -1) end
local ended = {}
for _, id in ipairs(ids) do
  local isMeant = ARGV[6] ~= 'all' or id ~= ARGV[7]
  if ARGV[6] == 'client' then isMeant = redis.call('HGET', base .. id, 'clientId') == ARGV[7] end
  if ARGV[8] then isMeant = redis.call('HGET', base .. id, 'keyId') == ARGV[8] end
  if isMeant and not overReason(base .. id, now) then
    finish(id, reason, userId, retention)
    ended[#ended + 1] = id
  end
end
return ended
`

/**
 * KEYS[1]: the ordered set of the sessions of a signing key. ARGV: now, then the absolute end and the id of each
 * session. What has ended by now is taken out, and the set goes with the last of its sessions.
 */
export const SIGNED_SCRIPT = `
redis.call('ZADD', KEYS[1], unpack(ARGV, 2))
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last[2] - tonumber(ARGV[1]))) end
return 1
`

/**
 * ARGV: base, now, most, then the fields to read. Answers one list per live session, newest first: its id and
 * its fields.
 */
export const LIST_SCRIPT = `${SHARED}
local now, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local list = {}
for _, id in ipairs(redis.call('ZREVRANGE', set, 0, -1)) do
  if #list >= most then break end
  if not overReason(base .. id, now) then
    list[#list + 1] = {id, unpack(redis.call('HMGET', base .. id, unpack(ARGV, 4)))}
  end
end
return list
`
