import type { EndedSession } from '../../domain/session.js'
import type { SessionKeys } from './session-key.js'
import { toEndReason, toTexts } from './session-record.js'
import type { SessionRedis } from './session-redis.js'
import { guardSessions as guard } from './store-error.js'

/** Ends younger than this are left to the process that made them; a command takes much less. */
const IN_HAND_MS = 5_000
const USERS_AT_ONCE = 100
/** As long as the ends themselves are kept; no token lives for so long. */
const RETENTION_MS = 24 * 60 * 60_000

/** KEYS[1]: the ends of a user. A list in every version of the protocol. */
const READ_SCRIPT = `return redis.call('HGETALL', KEYS[1])`

/** KEYS[1]: the users. ARGV: the horizon, then users: those whom nobody has noted since are taken out. */
const SETTLE_SCRIPT = `
for i = 2, #ARGV do
  local noted = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if noted and tonumber(noted) <= tonumber(ARGV[1]) then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return 1
`

/**
 * Ends on their way into the log, which lies in another hash slot than the sessions. The script that ends a
 * session writes the end down under the tag of its user, in the same step; the user has been noted before, so
 * that whoever looks finds the way there, also when the process that ended it was killed right after.
 */
export interface UnrecordedEnds {
  /** Resolves when the user is noted: from then on a script may end sessions of theirs. */
  note(userId: string, now: number): Promise<void>
  /** As `note`, for ends that are told again: a user who is noted stays so. */
  noteAgain(userId: string): Promise<void>
  /** As `SessionStore.handOverEnds`. */
  handOver(now: number, record: (ended: readonly EndedSession[]) => Promise<void>): Promise<number>
}

export function createUnrecordedEnds(deps: {
  readonly redis: Pick<SessionRedis, 'run' | 'send'>
  readonly keys: Pick<SessionKeys, 'endsOf' | 'endingUsers'>
}): UnrecordedEnds {
  const { redis, keys } = deps
  const users = keys.endingUsers()

  async function endsOf(userId: string): Promise<EndedSession[]> {
    const fields = toTexts(await redis.run(READ_SCRIPT, [keys.endsOf(userId)], []))
    const ended: EndedSession[] = []
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const reason = toEndReason(fields[at + 1])
      if (reason !== null) ended.push({ id: fields[at] ?? '', userId, reason })
    }
    return ended
  }

  async function add(member: readonly string[]): Promise<void> {
    await Promise.all([
      redis.send(users, ['ZADD', users, ...member]),
      redis.send(users, ['PEXPIRE', users, String(RETENTION_MS)]),
    ])
  }

  async function forget(ended: readonly EndedSession[]): Promise<void> {
    await Promise.all(
      ended.map(({ id, userId }) => {
        const key = keys.endsOf(userId)
        return redis.send(key, ['HDEL', key, id])
      }),
    )
  }

  return {
    note: (userId, now) => add([String(now), userId]),
    noteAgain: (userId) => add(['NX', '0', userId]),
    async handOver(now, record) {
      const horizon = String(now - IN_HAND_MS)
      const command = ['ZRANGEBYSCORE', users, '-inf', horizon, 'LIMIT', '0', String(USERS_AT_ONCE)]
      let count = 0
      for (;;) {
        const page = toTexts(await guard(() => redis.send(users, command))).map(String)
        const ended = (await guard(() => Promise.all(page.map(endsOf)))).flat()
        if (ended.length > 0) await record(ended)
        await guard(async () => {
          await forget(ended)
          if (page.length > 0) await redis.run(SETTLE_SCRIPT, [users], [horizon, ...page])
        })
        count += ended.length
        if (page.length < USERS_AT_ONCE) return count
      }
    },
  }
}
