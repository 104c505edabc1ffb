import type { Logger } from '../../domain/logger.js'
import type {
  EndedSession,
  NewSession,
  RotateOutcome,
  RotateRequest,
  Session,
  SessionCheck,
  SessionEndReason,
  SessionPolicy,
  SessionSelector,
  SessionStore,
} from '../../domain/session.js'
import { AppError } from '../../errors/app-error.js'
import { createRecentEnds } from './recent-ends.js'
import { createSessionKeys, type SessionKeys } from './session-key.js'
import { SessionReader } from './session-reader.js'
import {
  checkRecord,
  SESSION_FIELDS,
  toEndReason,
  toHash,
  toSession,
  toTexts,
} from './session-record.js'
import type { SessionRedis } from './session-redis.js'
import { createSignedSessions, type SignedSessions } from './signed-sessions.js'
import {
  CREATE_SCRIPT,
  END_SCRIPT,
  LIST_SCRIPT,
  ROTATE_SCRIPT,
  TOUCH_SCRIPT,
} from './session-script.js'
import { createUnrecordedEnds, type UnrecordedEnds } from './unrecorded-ends.js'
import { guardSessions as guard } from './store-error.js'

/** How long a session that is over, and the reason, are remembered at least. */
const RETENTION_MS = 24 * 60 * 60_000
const LIST_MAX = 1_000
const CACHE_ENTRIES_MAX = 200_000
/** How many sessions are asked for at once; the rest waits, so that no command outlives its deadline. */
const ASK_AT_ONCE = 256

export interface RedisSessionStoreDeps {
  readonly redis: SessionRedis
  /** Before the name of every key; without braces. */
  readonly keyPrefix: string
  readonly logger: Logger
  /** How many sessions this process remembers; replaced in tests. */
  readonly cacheEntriesMax?: number
}

/**
 * The session store in Redis: one hash per session and one ordered set per user. `check` answers from a copy
 * in this process that the server itself keeps true (client-side caching); while the connection is in doubt,
 * every check asks, and when Redis cannot be asked, it raises UNAVAILABLE.
 */
export function createRedisSessionStore(deps: RedisSessionStoreDeps): SessionStore {
  return new RedisSessionStore(deps)
}

class RedisSessionStore implements SessionStore {
  readonly #redis: SessionRedis
  readonly #logger: Logger
  readonly #keys: SessionKeys
  readonly #reader: SessionReader
  readonly #signed: SignedSessions
  readonly #unrecorded: UnrecordedEnds
  readonly #recentEnds = createRecentEnds()

  constructor({ redis, keyPrefix, logger, cacheEntriesMax }: RedisSessionStoreDeps) {
    this.#redis = redis
    this.#logger = logger
    this.#keys = createSessionKeys(keyPrefix)
    const entriesMax = cacheEntriesMax ?? CACHE_ENTRIES_MAX
    this.#reader = new SessionReader({ redis, keys: this.#keys, entriesMax })
    this.#signed = createSignedSessions({ redis, keys: this.#keys })
    this.#unrecorded = createUnrecordedEnds({ redis, keys: this.#keys })
    redis.onUp(() => void this.#repeatEnds())
  }

  async create(session: NewSession, policy: SessionPolicy): Promise<readonly EndedSession[]> {
    const { id, userId, createdAt } = session
    const { limit, onLimit, reason } = rulesOf(policy)
    const ownerKey = this.#keys.ofOwner(id)
    const ownerTtlMs = session.expiresAt - createdAt + RETENTION_MS
    const [outcome, ...displaced] = await guard(async () => {
      // First the way to the session, then the session: an owner without a session does no harm.
      const set = ['SET', ownerKey, userId, 'NX', 'PX', String(ownerTtlMs)]
      const [owner] = await Promise.all([
        this.#redis.send(ownerKey, set),
        // Before the session, as the way to it: one too many in the set does no harm.
        this.#signed.note(session.keyId, id, session.expiresAt, createdAt),
      ])
      if (owner === null) throw new Error('session id in use')
      return this.#runEnding(CREATE_SCRIPT, userId, createdAt, (isNoted) => [
        id,
        userId,
        String(createdAt),
        String(Math.min(session.idleExpiresAt, session.expiresAt)),
        String(RETENTION_MS),
        String(limit),
        onLimit,
        reason,
        isNoted,
        ...toHash(session),
      ])
    })
    if (outcome === 'refused') {
      this.#redis.send(ownerKey, ['UNLINK', ownerKey]).catch(() => undefined)
      throw new AppError(
        'RESOURCE_EXHAUSTED',
        'session_limit',
        'Signed in on too many devices; sign out on one of them first.',
      )
    }
    this.#reader.rememberOwner(id, userId)
    return this.#over(displaced, userId, reason)
  }

  async check(sessionId: string, now: number): Promise<SessionCheck> {
    const record =
      this.#reader.recall(sessionId) ?? (await guard(() => this.#reader.read(sessionId)))
    return checkRecord(record, now)
  }

  async rotate(request: RotateRequest): Promise<RotateOutcome> {
    const { sessionId, now, idleExpiresAt } = request
    const [userId] = await guard(() =>
      Promise.all([
        this.#reader.ownerOf(sessionId),
        this.#signed.note(request.nextKeyId, sessionId, request.expiresAt, now),
      ]),
    )
    if (userId === null) return { outcome: 'over', reason: null }
    const [outcome, detail] = await guard(() =>
      this.#runEnding(ROTATE_SCRIPT, userId, now, (isNoted) => [
        sessionId,
        userId,
        String(now),
        String(idleExpiresAt),
        String(RETENTION_MS),
        request.presentedHash,
        request.nextHash,
        request.clientId,
        request.sealedPair,
        String(request.replayWindowMs),
        request.nextKeyId,
        isNoted,
      ]),
    )
    this.#reader.forget(sessionId)
    if (outcome === 'rotated') return { outcome }
    if (outcome === 'replayed') return { outcome, sealedPair: detail ?? '' }
    if (outcome === 'over') return { outcome, reason: toEndReason(detail) }
    const ended: EndedSession = { id: sessionId, userId, reason: 'reuse_detected' }
    this.#over([sessionId], userId, ended.reason)
    return { outcome: 'reused', ended }
  }

  async touch(sessionId: string, seenAt: number, idleExpiresAt: number): Promise<void> {
    await guard(async () => {
      const userId = await this.#reader.ownerOf(sessionId)
      if (userId === null) return
      const args = [sessionId, seenAt, idleExpiresAt, RETENTION_MS].map(String)
      await this.#run(TOUCH_SCRIPT, userId, args)
      this.#reader.forget(sessionId)
    })
  }

  async end(
    selector: SessionSelector,
    reason: SessionEndReason,
    now: number,
  ): Promise<readonly EndedSession[]> {
    switch (selector.by) {
      case 'user':
        return this.#end(selector.userId, ['all', selector.exceptSessionId ?? ''], reason, now)
      case 'client':
        return this.#end(selector.userId, ['client', selector.clientId], reason, now)
      case 'session': {
        const userId = await guard(() => this.#reader.ownerOf(selector.sessionId))
        if (userId === null || userId !== (selector.userId ?? userId)) return []
        return this.#end(userId, ['one', selector.sessionId], reason, now)
      }
      case 'key':
        return this.#endSigned(selector.keyId, reason, now)
    }
  }

  async listByUser(userId: string, now: number): Promise<readonly Session[]> {
    const args = [String(now), String(LIST_MAX), ...SESSION_FIELDS]
    const keys = [this.#keys.ofUser(userId)] as const
    const reply = await guard(() =>
      this.#redis.run(LIST_SCRIPT, keys, [this.#keys.baseOf(userId), ...args]),
    )
    const rows = Array.isArray(reply) ? (reply as unknown[]) : []
    return rows.flatMap((row) => {
      const [id, ...fields] = toTexts(row)
      const session = typeof id === 'string' ? toSession(id, fields) : null
      return session === null ? [] : [session]
    })
  }

  async listByUsers(
    userIds: readonly string[],
    now: number,
  ): Promise<ReadonlyMap<string, readonly Session[]>> {
    const byUser = new Map<string, readonly Session[]>()
    const asked = [...new Set(userIds)]
    for (let from = 0; from < asked.length; from += ASK_AT_ONCE) {
      const chunk = asked.slice(from, from + ASK_AT_ONCE)
      // The users of a cluster live on different nodes: one command each, sent together.
      const lists = await Promise.all(chunk.map((userId) => this.listByUser(userId, now)))
      chunk.forEach((userId, index) => {
        const list = lists[index] ?? []
        if (list.length > 0) byUser.set(userId, list)
      })
    }
    return byUser
  }

  async findOver(sessionIds: readonly string[], now: number): Promise<readonly EndedSession[]> {
    const over: EndedSession[] = []
    const asked = [...new Set(sessionIds)]
    for (let from = 0; from < asked.length; from += ASK_AT_ONCE) {
      const chunk = asked.slice(from, from + ASK_AT_ONCE)
      const checks = await Promise.all(chunk.map((id) => this.check(id, now)))
      chunk.forEach((id, index) => {
        const check = checks[index]
        if (check === undefined || check.alive) return
        // A session without a trace ran out so long ago that it has been forgotten, or was lost.
        const reason = check.reason ?? 'expired'
        over.push({ id, userId: this.#reader.recallOwner(id) ?? '', reason })
      })
    }
    return over
  }

  handOverEnds(
    now: number,
    record: (ended: readonly EndedSession[]) => Promise<void>,
  ): Promise<number> {
    return this.#unrecorded.handOver(now, record)
  }

  forget(sessionIds: readonly string[]): void {
    for (const id of sessionIds) this.#reader.forget(id)
  }

  /** Nothing to do: every key expires by itself. */
  async deleteExpired(): Promise<number> {
    return 0
  }

  async #endSigned(
    keyId: string,
    reason: SessionEndReason,
    now: number,
  ): Promise<readonly EndedSession[]> {
    const ids = await guard(() => this.#signed.list(keyId, now))
    const ended: EndedSession[] = []
    for (let from = 0; from < ids.length; from += ASK_AT_ONCE) {
      const chunk = ids.slice(from, from + ASK_AT_ONCE)
      const results = await Promise.all(
        chunk.map(async (id) => {
          const userId = await guard(() => this.#reader.ownerOf(id))
          // It may have gone on to another key since: the script looks.
          return userId === null ? [] : this.#end(userId, ['one', id, keyId], reason, now)
        }),
      )
      ended.push(...results.flat())
    }
    return ended
  }

  async #end(
    userId: string,
    which: readonly string[],
    reason: SessionEndReason,
    now: number,
  ): Promise<readonly EndedSession[]> {
    const args = [userId, String(now), String(RETENTION_MS), reason, ...which]
    const ids = await guard(async () => {
      await this.#unrecorded.note(userId, now)
      return this.#run(END_SCRIPT, userId, args)
    })
    return this.#over(ids, userId, reason)
  }

  /** Marks sessions as over in this process at once; the invalidation is still on its way. */
  #over(
    ids: readonly (string | null)[],
    userId: string,
    reason: SessionEndReason,
  ): readonly EndedSession[] {
    const ended = ids.flatMap((id) => (id === null ? [] : [{ id, userId, reason }]))
    for (const { id } of ended) this.#reader.forget(id)
    this.#recentEnds.add(ended)
    return ended
  }

  /**
   * Runs a script that ends sessions once in a while: only then it asks for the user to be noted first, so that
   * all other sign-ins and rotations are one command.
   */
  async #runEnding(
    script: string,
    userId: string,
    now: number,
    argsOf: (isNoted: '0' | '1') => readonly string[],
  ) {
    const reply = await this.#run(script, userId, argsOf('0'))
    if (reply[0] !== 'unnoted') return reply
    await this.#unrecorded.note(userId, now)
    return this.#run(script, userId, argsOf('1'))
  }

  async #run(script: string, userId: string, args: readonly string[]) {
    const keys = [this.#keys.ofUser(userId), this.#keys.endsOf(userId)] as const
    return toTexts(await this.#redis.run(script, keys, [this.#keys.baseOf(userId), ...args]))
  }

  /** Tells a server that may have gone back in time again what ended; queued before any waiting check. */
  async #repeatEnds(): Promise<void> {
    const ends = this.#recentEnds.list()
    const users = [...new Set(ends.map(({ userId }) => userId))]
    const repeated = Promise.allSettled(
      ends.map(({ id, userId, reason }) => {
        const [key, endsKey] = [this.#keys.ofUser(userId), this.#keys.endsOf(userId)]
        // At the beginning of time no session has expired, so each one that is there is ended.
        const args = [
          this.#keys.baseOf(userId),
          userId,
          '0',
          String(RETENTION_MS),
          reason,
          'one',
          id,
        ]
        // The text, not its digest: a fresh server would ask for it, and checks would go first.
        return this.#redis.send(key, ['EVAL', END_SCRIPT, '2', key, endsKey, ...args])
      }),
    )
    await Promise.allSettled(users.map((userId) => this.#unrecorded.noteAgain(userId)))
    const results = await repeated
    const revived = results.flatMap((result) =>
      result.status === 'fulfilled' ? toTexts(result.value) : [],
    )
    if (revived.length === 0) return
    this.#logger.warn({ count: revived.length }, 'redis had forgotten ended sessions')
  }
}

function rulesOf(policy: SessionPolicy): {
  limit: number
  onLimit: 'evict-oldest' | 'refuse'
  reason: SessionEndReason
} {
  if (policy.mode === 'single') {
    return { limit: 1, onLimit: 'evict-oldest', reason: 'signed_in_elsewhere' }
  }
  const { limit, onLimit } =
    policy.mode === 'limit' ? policy : { limit: -1, onLimit: 'evict-oldest' as const }
  return { limit, onLimit, reason: 'session_limit' }
}
