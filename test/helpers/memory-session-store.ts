import { AppError } from '../../src/errors/app-error.js'
import type {
  EndedSession,
  NewSession,
  Session,
  SessionEndReason,
  SessionPolicy,
  SessionSelector,
  SessionStore,
} from '../../src/domain/session.js'

interface Row {
  session: Session
  current: string
  keyId: string
  previous: string | null
  rotatedAt: number
  sealedPair: string
  endReason: SessionEndReason | null
}

/** The session store in memory, with the rules of the port and a count of the calls. */
export interface MemorySessionStore extends SessionStore {
  readonly calls: Record<keyof SessionStore, number>
  /** Ends that a process which was killed has not written into the log. */
  readonly unrecorded: EndedSession[]
  /** The next call of any method raises UNAVAILABLE, until set to false again. */
  setDown(isDown: boolean): void
}

export function createMemorySessionStore(): MemorySessionStore {
  const rows = new Map<string, Row>()
  const calls: Record<keyof SessionStore, number> = {
    create: 0,
    check: 0,
    rotate: 0,
    touch: 0,
    end: 0,
    listByUser: 0,
    listByUsers: 0,
    findOver: 0,
    handOverEnds: 0,
    forget: 0,
    deleteExpired: 0,
  }
  const unrecorded: EndedSession[] = []
  let down = false

  function enter(method: keyof SessionStore): void {
    calls[method] += 1
    if (down) throw new AppError('UNAVAILABLE', 'store_unavailable', 'The store is away.')
  }
  function overReason(row: Row, now: number): SessionEndReason | null {
    if (row.endReason) return row.endReason
    if (now >= row.session.expiresAt) return 'expired'
    return now >= row.session.idleExpiresAt ? 'idle_timeout' : null
  }
  function liveRows(userId: string, now: number): Row[] {
    return [...rows.values()]
      .filter((row) => row.session.userId === userId && overReason(row, now) === null)
      .sort((a, b) => b.session.createdAt - a.session.createdAt)
  }
  function endRow(row: Row, reason: SessionEndReason): EndedSession {
    row.endReason = reason
    return { id: row.session.id, userId: row.session.userId, reason }
  }
  function giveWay(userId: string, policy: SessionPolicy, now: number): EndedSession[] {
    const live = liveRows(userId, now)
    if (policy.mode === 'unlimited') return []
    if (policy.mode === 'single') return live.map((row) => endRow(row, 'signed_in_elsewhere'))
    if (live.length < policy.limit) return []
    if (policy.onLimit === 'refuse') {
      throw new AppError('RESOURCE_EXHAUSTED', 'session_limit', 'Signed in too often.')
    }
    return live.slice(policy.limit - 1).map((row) => endRow(row, 'session_limit'))
  }
  function matching(selector: SessionSelector, now: number): Row[] {
    if (selector.by === 'user') {
      return liveRows(selector.userId, now).filter(
        (row) => row.session.id !== selector.exceptSessionId,
      )
    }
    if (selector.by === 'client') {
      return liveRows(selector.userId, now).filter(
        (row) => row.session.clientId === selector.clientId,
      )
    }
    if (selector.by === 'key') {
      return [...rows.values()].filter(
        (row) => row.keyId === selector.keyId && overReason(row, now) === null,
      )
    }
    const row = rows.get(selector.sessionId)
    if (!row || overReason(row, now) !== null) return []
    return selector.userId === undefined || selector.userId === row.session.userId ? [row] : []
  }

  return {
    calls,
    unrecorded,
    setDown(isDown) {
      down = isDown
    },
    async create(created: NewSession, policy) {
      enter('create')
      const { refreshHash, keyId, ...session } = created
      const displaced = giveWay(session.userId, policy, session.createdAt)
      rows.set(session.id, {
        session,
        current: refreshHash,
        keyId,
        previous: null,
        rotatedAt: 0,
        sealedPair: '',
        endReason: null,
      })
      return displaced
    },
    async check(sessionId, now) {
      enter('check')
      const row = rows.get(sessionId)
      if (!row) return { alive: false, reason: null }
      const reason = overReason(row, now)
      return reason === null ? { alive: true, session: row.session } : { alive: false, reason }
    },
    async rotate(request) {
      enter('rotate')
      const { now } = request
      const row = rows.get(request.sessionId)
      if (!row) return { outcome: 'over', reason: null }
      const reason = overReason(row, now)
      if (reason !== null) return { outcome: 'over', reason }
      if (request.presentedHash === row.current) {
        row.previous = row.current
        row.current = request.nextHash
        row.keyId = request.nextKeyId
        row.rotatedAt = now
        row.sealedPair = request.sealedPair
        row.session = { ...row.session, lastSeenAt: now, idleExpiresAt: request.idleExpiresAt }
        return { outcome: 'rotated' }
      }
      const isReplay =
        request.presentedHash === row.previous &&
        now - row.rotatedAt < request.replayWindowMs &&
        request.clientId === row.session.clientId
      if (isReplay) return { outcome: 'replayed', sealedPair: row.sealedPair }
      return { outcome: 'reused', ended: endRow(row, 'reuse_detected') }
    },
    async touch(sessionId, seenAt, idleExpiresAt) {
      enter('touch')
      const row = rows.get(sessionId)
      if (!row || overReason(row, seenAt) !== null || seenAt < row.session.lastSeenAt) return
      row.session = { ...row.session, lastSeenAt: seenAt, idleExpiresAt }
    },
    async end(selector, reason, now) {
      enter('end')
      return matching(selector, now).map((row) => endRow(row, reason))
    },
    async listByUser(userId, now) {
      enter('listByUser')
      return liveRows(userId, now).map((row) => row.session)
    },
    async listByUsers(userIds, now) {
      enter('listByUsers')
      const lists = [...new Set(userIds)].map(
        (userId) => [userId, liveRows(userId, now).map((row) => row.session)] as const,
      )
      return new Map(lists.filter(([, list]) => list.length > 0))
    },
    async findOver(sessionIds, now) {
      enter('findOver')
      return sessionIds.flatMap((id) => {
        const row = rows.get(id)
        if (!row) return [{ id, userId: '', reason: 'expired' as const }]
        const reason = overReason(row, now)
        return reason === null ? [] : [{ id, userId: row.session.userId, reason }]
      })
    },
    async handOverEnds(_now, record) {
      enter('handOverEnds')
      const missing = unrecorded.splice(0)
      if (missing.length > 0) await record(missing)
      return missing.length
    },
    forget() {
      enter('forget')
    },
    async deleteExpired(now, limit) {
      enter('deleteExpired')
      const over = [...rows].filter(([, row]) => overReason(row, now) !== null).slice(0, limit)
      for (const [id] of over) rows.delete(id)
      return over.length
    },
  }
}
