/**
 * The steps of presence. An entry is JSON with `o` (its owner), `u` (the user) and `info`; the owner is one process
 * for one unbroken life of its lease, so what it enters after the others gave it up is not swept with the rest. The
 * keys of a channel are its entries and its number of connections by user.
 */
const SHARED = `
local function leave(entries, users, id, entry)
  redis.call('HDEL', entries, id)
  if redis.call('HINCRBY', users, entry.u, -1) <= 0 then redis.call('HDEL', users, entry.u) end
end
local function enter(id, user, text, name, old)
  if old then leave(KEYS[1], KEYS[2], id, old) end
  redis.call('HSET', KEYS[1], id, text)
  redis.call('HINCRBY', KEYS[2], user, 1)
  redis.call('SADD', KEYS[3], name)
end
`

/**
 * KEYS: entries, users, the set of what the owner has in this partition. ARGV: connection, user, entry, name of the
 * entry in that set. Answers 1 when the connection was not there.
 */
export const ADD_SCRIPT = `${SHARED}
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old == ARGV[3] then return 0 end
enter(ARGV[1], ARGV[2], ARGV[3], ARGV[4], old and cjson.decode(old))
return old and 0 or 1
`

/**
 * Adds where there is a place. KEYS: as for `ADD_SCRIPT`. ARGV: connection, user, entry, name of the entry in that set,
 * owner, number of places, 1 when the dead are known, and then those: owners whose lease is over. A lease that is over
 * never runs again, so the list may be older than this step. Answers 1 when the entry is there now, 0 when there is no
 * place, -1 when that depends on who is dead.
 */
export const ADD_WITHIN_SCRIPT = `${SHARED}
local id, text, owner, places = ARGV[1], ARGV[3], ARGV[5], tonumber(ARGV[6])
local old = redis.call('HGET', KEYS[1], id)
if old == text then return 1 end
local entry = old and cjson.decode(old)
local others = redis.call('HLEN', KEYS[1]) - (old and 1 or 0)
if not (entry and entry.o == owner) and others >= places then
  if ARGV[7] ~= '1' then return -1 end
  local dead = {}
  for i = 8, #ARGV do dead[ARGV[i]] = true end
  if not entry or dead[entry.o] then
    local flat = redis.call('HGETALL', KEYS[1])
    for i = 1, #flat, 2 do
      if flat[i] ~= id and dead[cjson.decode(flat[i + 1]).o] then others = others - 1 end
    end
    if others >= places then return 0 end
  end
end
enter(id, ARGV[2], text, ARGV[4], entry)
return 1
`

/** KEYS: ordered set of owners by the end of their leases. Answers those whose lease is over. */
export const DEAD_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
`

/**
 * KEYS: entries, users. ARGV: connection, its name in the set of its owner, what the names of these sets begin with;
 * they are in the same slot. Answers 1 when it was there.
 */
export const REMOVE_SCRIPT = `${SHARED}
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old then return 0 end
local entry = cjson.decode(old)
leave(KEYS[1], KEYS[2], ARGV[1], entry)
redis.call('SREM', ARGV[3] .. entry.o, ARGV[2])
return 1
`

/** KEYS: entries. ARGV: limit. Answers entries. */
export const LIST_SCRIPT = `
if redis.call('HLEN', KEYS[1]) <= tonumber(ARGV[1]) then return redis.call('HVALS', KEYS[1]) end
local answer = {}
local flat = redis.call('HRANDFIELD', KEYS[1], ARGV[1], 'WITHVALUES')
for i = 2, #flat, 2 do answer[#answer + 1] = flat[i] end
return answer
`

/** KEYS: entries, users. Answers both counts. */
export const STATS_SCRIPT = `return {redis.call('HLEN', KEYS[1]), redis.call('HLEN', KEYS[2])}`

/** KEYS: users. ARGV: a user. */
export const COUNT_SCRIPT = `return redis.call('HGET', KEYS[1], ARGV[1]) or '0'`

/**
 * Removes some entries of an owner in one partition. KEYS: the owner's set. ARGV: owner, what the keys of entries and
 * of users begin with, how many. Answers `CONNECTION\\nCHANNEL` and the entry for each, and how many were looked at.
 * The keys of the channels are in the slot of the set.
 */
export const SWEEP_SCRIPT = `${SHARED}
local answer = {}
local names = redis.call('SPOP', KEYS[1], ARGV[4])
for _, name in ipairs(names) do
  local at = string.find(name, '\\n', 1, true)
  local id, channel = string.sub(name, 1, at - 1), string.sub(name, at + 1)
  local text = redis.call('HGET', ARGV[2] .. channel, id)
  local entry = text and cjson.decode(text)
  if entry and entry.o == ARGV[1] then
    leave(ARGV[2] .. channel, ARGV[3] .. channel, id, entry)
    answer[#answer + 1] = name
    answer[#answer + 1] = text
  end
end
return {#names, answer}
`

/**
 * KEYS: ordered set of owners by the end of their leases, hash of claims by owner. ARGV: owner, length of the lease, 1 when it is entered for
 * the first time, length of a claim (0: claim nobody). Answers 1 when the lease stands unbroken and else enters
 * nothing; then the dead owners that this one has claimed: nobody else gets them before the claim is over.
 */
export const LEASE_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function int(n) return string.format('%.0f', n) end
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ARGV[3] ~= '1' and (not score or tonumber(score) <= now) then return {0} end
redis.call('ZADD', KEYS[1], int(now + tonumber(ARGV[2])), ARGV[1])
local answer = {1}
if ARGV[4] == '0' then return answer end
for _, owner in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now))) do
  local ends = redis.call('HGET', KEYS[2], owner)
  if not ends or tonumber(ends) <= now then
    redis.call('HSET', KEYS[2], owner, int(now + tonumber(ARGV[4])))
    answer[#answer + 1] = owner
  end
end
return answer
`

/** KEYS: as for the lease. ARGV: an owner that has nothing left. */
export const RELEASE_SCRIPT = `
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
`
