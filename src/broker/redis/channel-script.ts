/**
 * The steps of a stream that must be atomic. Time is that of Redis, so the clocks of the processes need not agree.
 * Meta is a hash of `e` (epoch), `o` (top), `x` (when the oldest publication runs out) and `n` (how many are of the
 * history: the stream may hold more, since to cut it off to the entry costs more than all the rest); an entry of the
 * stream has the offset as its id, its body as `b` and its end as `t`. All lengths are milliseconds.
 */
const SHARED = `
local function int(n) return string.format('%.0f', n) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- For at least so long; a little longer, so that it need not be said each time.
local function keepFor(key, length)
  if redis.call('PTTL', key) < length then redis.call('PEXPIRE', key, int(length * 1.25)) end
end
local function open(stream, meta, epoch)
  local r = redis.call('HMGET', meta, 'e', 'o', 'x', 'n')
  if r[1] and r[2] then
    return {epoch = r[1], top = tonumber(r[2]), x = tonumber(r[3] or '0'), size = tonumber(r[4] or '0')}
  end
  -- What a lost stream has left would stand in the way of the new numbers.
  redis.call('DEL', stream)
  return {epoch = epoch, top = 0, x = 0, size = 0, fresh = true}
end
-- Removes some of what has run out: more than comes, few enough to bear.
local function trim(stream, s, most)
  if s.x == 0 or now < s.x then return end
  s.x = 0
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', most)) do
    local ends = tonumber(entry[2][4])
    if ends > now then s.x = ends break end
    redis.call('XDEL', stream, entry[1])
    s.x = now
  end
end
`

/**
 * Publishes on several channels of one partition. ARGV: publish command, epoch of streams that begin, lifetime of
 * meta; then for each channel its topic and the number of its messages; for each message its letter, the size and the
 * lifetime of the history (0: none), the lifetime of its idempotency key (0: none), its body. KEYS: for each channel
 * stream and meta, then the idempotency keys of its messages that have one. Answers for each message its position,
 * `OFFSET EPOCH` or empty, and 1 when it was a duplicate. The messages of a channel go out as one.
 */
export const PUBLISH_SCRIPT = `${SHARED}
local command, newEpoch, metaLifetime = ARGV[1], ARGV[2], tonumber(ARGV[3])
local k, a, answer = 1, 4, {}
while KEYS[k] do
  local stream, meta, topic = KEYS[k], KEYS[k + 1], ARGV[a]
  local s, longest, messages = nil, 0, {}
  local last = a + 2 + tonumber(ARGV[a + 1]) * 5
  k, a = k + 2, a + 2
  while a < last do
    local size, lifetime, keyLifetime = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
    local key, used = nil, false
    if keyLifetime > 0 then
      key = KEYS[k]
      k = k + 1
      used = redis.call('GET', key)
    end
    local position = used or ''
    if not used then
      if size > 0 then
        s = s or open(stream, meta, newEpoch)
        s.top = s.top + 1
        s.size = size
        if s.x == 0 then s.x = now + lifetime end
        longest = math.max(longest, lifetime)
        local offset = int(s.top)
        redis.call('XADD', stream, offset .. '-0', 'b', ARGV[a + 4], 't', int(now + lifetime))
        position = offset .. ' ' .. s.epoch
      end
      messages[#messages + 1] = ARGV[a] .. ' ' .. (position == '' and '0 -' or position) .. ' ' .. ARGV[a + 4]
      if key then redis.call('SET', key, position, 'PX', ARGV[a + 3]) end
    end
    answer[#answer + 1] = position
    answer[#answer + 1] = used and 1 or 0
    a = a + 5
  end
  if s then
    redis.call('XTRIM', stream, 'MAXLEN', '~', int(s.size))
    trim(stream, s, 4)
    redis.call('HSET', meta, 'e', s.epoch, 'o', int(s.top), 'x', int(s.x), 'n', int(s.size))
    keepFor(meta, math.max(metaLifetime, longest))
    keepFor(stream, longest)
  end
  if #messages > 0 then redis.call(command, topic, table.concat(messages)) end
end
return answer
`

/**
 * KEYS: stream, meta. ARGV: epoch of a stream that begins, lifetime of meta, the two offsets between which the page
 * lies, its limit, 1 for newest first. Answers epoch, top, then the offset and the body of each publication.
 */
export const HISTORY_SCRIPT = `${SHARED}
local stream, meta = KEYS[1], KEYS[2]
local s = open(stream, meta, ARGV[1])
local metaLifetime, limit = tonumber(ARGV[2]), tonumber(ARGV[5])
if s.fresh then redis.call('HSET', meta, 'e', s.epoch, 'o', '0', 'x', '0') end
if redis.call('PTTL', meta) < metaLifetime / 2 then redis.call('PEXPIRE', meta, ARGV[2]) end
local answer = {s.epoch, int(s.top)}
local after, before = tonumber(ARGV[3]), tonumber(ARGV[4])
if s.size > 0 then after = math.max(after, s.top - s.size) end
if limit == 0 or before <= 1 then return answer end
local low, high = int(after + 1) .. '-0', int(before - 1) .. '-0'
local found = 0
while found < limit do
  local want = limit - found
  local page
  if ARGV[6] == '1' then page = redis.call('XREVRANGE', stream, high, low, 'COUNT', int(want))
  else page = redis.call('XRANGE', stream, low, high, 'COUNT', int(want)) end
  for _, entry in ipairs(page) do
    local offset = tonumber(string.match(entry[1], '^%d+'))
    if tonumber(entry[2][4]) > now then
      found = found + 1
      answer[#answer + 1] = int(offset)
      answer[#answer + 1] = entry[2][2]
    end
    if ARGV[6] == '1' then high = int(offset - 1) .. '-0' else low = int(offset + 1) .. '-0' end
  end
  if #page < want or high == '0-0' then break end
end
return answer
`

/** KEYS: meta of each channel. Answers epoch and top of each, two empty texts for a stream that does not exist. */
export const POSITIONS_SCRIPT = `
local answer = {}
for _, meta in ipairs(KEYS) do
  local r = redis.call('HMGET', meta, 'e', 'o')
  answer[#answer + 1] = r[1] or ''
  answer[#answer + 1] = r[2] or ''
end
return answer
`

/** KEYS: stream. Its meta stays, so who comes back learns that something is gone. */
export const REMOVE_HISTORY_SCRIPT = `return redis.call('DEL', KEYS[1])`
