import type { SessionKeys } from './session-key.js'
import type { SessionRedis } from './session-redis.js'
import { toTexts } from './session-record.js'
import { SIGNED_SCRIPT } from './session-script.js'

/** Members that one command takes; more go with the next one. */
const BATCH_SESSIONS = 500

interface Batch {
  readonly members: string[]
  now: number
  sent: Promise<void>
}

/**
 * Which sessions each signing key has signed, some that have gone on to another key included. What comes in one
 * turn of the event loop goes to Redis in one command.
 */
export interface SignedSessions {
  /** Resolves when the session is in the set of the key. Raises what the connection raises. */
  note(keyId: string, sessionId: string, expiresAt: number, now: number): Promise<void>
  /** The ids of sessions whose absolute end is after `now`. */
  list(keyId: string, now: number): Promise<readonly string[]>
}

export function createSignedSessions(deps: {
  readonly redis: Pick<SessionRedis, 'run' | 'send'>
  readonly keys: Pick<SessionKeys, 'ofSigningKey'>
}): SignedSessions {
  const { redis, keys } = deps
  const open = new Map<string, Batch>()

  async function flush(keyId: string, batch: Batch): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (open.get(keyId) === batch) open.delete(keyId)
    const args = [String(batch.now), ...batch.members]
    await redis.run(SIGNED_SCRIPT, [keys.ofSigningKey(keyId)], args)
  }

  function openBatch(keyId: string): Batch {
    const batch: Batch = { members: [], now: 0, sent: Promise.resolve() }
    batch.sent = flush(keyId, batch)
    open.set(keyId, batch)
    return batch
  }

  return {
    note(keyId, sessionId, expiresAt, now) {
      const known = open.get(keyId)
      const isFull = known !== undefined && known.members.length >= BATCH_SESSIONS * 2
      const batch = known === undefined || isFull ? openBatch(keyId) : known
      batch.members.push(String(expiresAt), sessionId)
      batch.now = Math.max(batch.now, now)
      return batch.sent
    },
    async list(keyId, now) {
      const key = keys.ofSigningKey(keyId)
      const ids = toTexts(await redis.send(key, ['ZRANGEBYSCORE', key, `(${now}`, '+inf']))
      return ids.filter((id) => id !== null)
    },
  }
}
