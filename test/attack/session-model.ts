/** What sessions are, in a hundred lines: the reference that the services and their stores are held against. */

export interface Rules {
  readonly limit: number
  readonly replayWindowMs: number
  readonly idleMs: number
  readonly absoluteMs: number
  readonly accessMs: number
  readonly skewMs: number
}

interface ModelSession {
  readonly id: string
  readonly userId: string
  readonly clientId: string
  readonly expiresAt: number
  lastSeenAt: number
  idleExpiresAt: number
  /** Refresh tokens, oldest first: the last is current, the one before it may be replayed. */
  readonly refreshTokens: string[]
  rotatedAt: number
  /** The client of the last rotation: only to it the pair is given again. */
  rotatedBy: string
  endReason: string | null
}

/** `ok`, or the reason of the refusal. */
export type Expected = string

/** Instants are milliseconds, whole seconds throughout. */
export class SessionModel {
  readonly sessions: ModelSession[] = []
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Why a session is over; null while it is alive. */
  overReason(session: ModelSession, now: number): string | null {
    if (session.endReason !== null) return session.endReason
    // What was idle before its absolute end was over then, and stays over for that reason.
    const isIdleFirst = session.idleExpiresAt < session.expiresAt
    if (now < session.idleExpiresAt) return null
    return isIdleFirst ? 'idle_timeout' : 'expired'
  }

  /** The live sessions of a user, oldest first. */
  live(userId: string, now: number): ModelSession[] {
    return this.sessions.filter(
      (session) => session.userId === userId && this.overReason(session, now) === null,
    )
  }

  login(id: string, userId: string, clientId: string, refreshToken: string, now: number): void {
    const live = this.live(userId, now)
    for (const old of live.slice(0, Math.max(0, live.length - this.#rules.limit + 1))) {
      old.endReason = 'session_limit'
    }
    this.sessions.push({
      ...{ id, userId, clientId, lastSeenAt: now, rotatedAt: 0, rotatedBy: '', endReason: null },
      expiresAt: now + this.#rules.absoluteMs,
      idleExpiresAt: now + this.#rules.idleMs,
      refreshTokens: [refreshToken],
    })
  }

  /** What a refresh answers: `rotated`, `replayed`, or why it is refused. */
  refresh(session: ModelSession, refreshToken: string, clientId: string, now: number): Expected {
    if (now > session.expiresAt + this.#rules.skewMs) return 'token_expired'
    const over = this.overReason(session, now)
    if (over !== null) return over
    const place = session.refreshTokens.lastIndexOf(refreshToken) - session.refreshTokens.length
    if (place === -1) {
      this.#seen(session, now)
      session.rotatedAt = now
      session.rotatedBy = clientId
      return 'rotated'
    }
    const isInWindow = now - session.rotatedAt < this.#rules.replayWindowMs
    if (place === -2 && isInWindow && clientId === session.rotatedBy) return 'replayed'
    session.endReason = 'reuse_detected'
    return 'reuse_detected'
  }

  /** What a request answers; it also marks the session as seen, at most once a minute. */
  authenticate(session: ModelSession, issuedAt: number, now: number): Expected {
    const expiresAt = Math.min(issuedAt + this.#rules.accessMs, session.expiresAt)
    if (now > expiresAt + this.#rules.skewMs) return 'token_expired'
    const over = this.overReason(session, now)
    if (over !== null) return over
    if (now - session.lastSeenAt >= 60_000) this.#seen(session, now)
    return 'ok'
  }

  /** Ends what is alive of the given sessions; how many there were. */
  end(sessions: readonly ModelSession[], reason: string, now: number): number {
    const live = sessions.filter((session) => this.overReason(session, now) === null)
    for (const session of live) session.endReason = reason
    return live.length
  }

  #seen(session: ModelSession, now: number): void {
    const idleMs = session.idleExpiresAt - session.lastSeenAt
    session.lastSeenAt = now
    session.idleExpiresAt = Math.min(now + idleMs, session.expiresAt)
  }
}
