import { AppError } from '../errors/app-error.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { PasswordHasher } from '../domain/password.js'
import {
  type Principal,
  type Session,
  sessionOver,
  type SessionPolicy,
  type SessionStore,
} from '../domain/session.js'
import type { TokenIssuer, TokenVault, TokenVerifier } from '../domain/token.js'
import { type User, userNotFound, type UserRepository } from '../domain/user.js'
import { createAuditTrail } from './audit-trail.js'
import type { AuthAnnouncer } from './auth-announcer.js'
import { login } from './login.js'
import { refresh } from './refresh.js'
import { createSessionEnder, type EndActor, type EndResult } from './session-ender.js'
import { createTokenPairIssuer, type SignIn } from './token-pair.js'

export type { EndResult } from './session-ender.js'
export type { SignIn } from './token-pair.js'

/** A session in the list of its owner. */
export interface SessionView extends Session {
  readonly current: boolean
  /** Open sockets and streams of the session over all processes. */
  readonly connections: number
}

export interface SessionService {
  /**
   * Signs in with username or e-mail and password. Unknown user, wrong password and an account that may not
   * sign in are one answer and one amount of work: UNAUTHENTICATED, reason `credentials_invalid`.
   * Raises RESOURCE_EXHAUSTED with `hashing_busy` or `session_limit`.
   */
  login(
    input: { login: string; password: string; remember: boolean },
    client: ClientContext,
  ): Promise<SignIn>
  /**
   * Rotates a refresh token. The previous token within the replay window and from the same client gets
   * the identical pair; any other use of an old token ends the session everywhere.
   * Raises UNAUTHENTICATED with the verifier's reason, `reuse_detected`, or the session's end reason.
   */
  refresh(refreshToken: string, client: ClientContext): Promise<SignIn>
  /** Ends the caller's own session with reason `logged_out`. */
  logout(principal: Principal): Promise<EndResult>
  /** Live sessions of the caller, newest first. */
  list(principal: Principal): Promise<readonly SessionView[]>
  /** Ends one session of the caller. Raises NOT_FOUND (`session_not_found`) when it is not theirs or not alive. */
  end(principal: Principal, sessionId: string): Promise<EndResult>
  /** Ends all sessions of the caller but the current one. */
  endOthers(principal: Principal): Promise<EndResult>
  /** Live sessions of any user, for the operator. Raises NOT_FOUND (`user_not_found`). */
  listForUser(userId: string): Promise<readonly SessionView[]>
  /** Live sessions of several users at once, by user id; who has none is left out. None is `current`. */
  listForUsers(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly SessionView[]>>
  /**
   * Ends one session, or all of a user (none is no error), with reason `ended_by_admin`.
   * Raises NOT_FOUND with `session_not_found` or `user_not_found`.
   */
  endAsAdmin(target: { sessionId: string } | { userId: string }): Promise<EndResult>
  /** The live session and its user, for `GET /me`. Raises as authenticate does. */
  current(
    principal: Pick<Principal, 'sessionId' | 'userId'>,
  ): Promise<{ user: User; session: Session }>
}

export interface SessionServiceDeps {
  readonly users: UserRepository
  readonly sessionStore: SessionStore
  readonly passwordHasher: PasswordHasher
  readonly tokenIssuer: TokenIssuer
  readonly tokenVerifier: TokenVerifier
  readonly tokenVault: TokenVault
  readonly broker: Broker
  readonly announcer: AuthAnnouncer
  readonly auditLog: AuditLog
  readonly clock: Clock
  readonly logger: Logger
  readonly policy: SessionPolicy
  readonly accessTokenSeconds: number
  /** How long a rotated refresh token still gets the identical pair. */
  readonly refreshReplayWindowMs: number
  /** How long a session may stay unused: remembered, and not remembered. */
  readonly idleSeconds: number
  readonly shortIdleSeconds: number
  /** How long a session lasts however much it is used. */
  readonly absoluteSeconds: number
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createSessionService(base: SessionServiceDeps): SessionService {
  const { users, sessionStore, clock } = base
  const auditTrail = createAuditTrail(base)
  const ender = createSessionEnder({ ...base, auditTrail })
  const deps = { ...base, auditTrail, ender, pairs: createTokenPairIssuer(base) }

  return {
    login: (input, client) => login(deps, input, client),
    refresh: (refreshToken, client) => refresh(deps, refreshToken, client),
    logout(principal) {
      const { sessionId, userId } = principal
      return ender.end({ by: 'session', sessionId, userId }, 'logged_out', actorOf(principal))
    },
    list: (principal) => listSessions(base, principal.userId, principal.sessionId),
    async end(principal, sessionId) {
      const selector = { by: 'session', sessionId, userId: principal.userId } as const
      return someEnded(await ender.end(selector, 'ended_by_user', actorOf(principal)))
    },
    endOthers({ userId, sessionId }) {
      const selector = { by: 'user', userId, exceptSessionId: sessionId } as const
      return ender.end(selector, 'ended_by_user', { actorId: userId, address: null })
    },
    async listForUser(userId) {
      if (!(await users.findById(userId))) throw userNotFound()
      return listSessions(base, userId, null)
    },
    async listForUsers(userIds) {
      const byUser = await sessionStore.listByUsers(userIds, clock.now())
      const views = await viewSessions(base, [...byUser.values()].flat(), null)
      const lists = new Map([...byUser.keys()].map((id): [string, SessionView[]] => [id, []]))
      for (const view of views) lists.get(view.userId)?.push(view)
      return lists
    },
    async endAsAdmin(target) {
      if ('sessionId' in target) {
        const selector = { by: 'session', sessionId: target.sessionId } as const
        return someEnded(await ender.end(selector, 'ended_by_admin', NOBODY))
      }
      if (!(await users.findById(target.userId))) throw userNotFound()
      return ender.end({ by: 'user', userId: target.userId }, 'ended_by_admin', NOBODY)
    },
    async current(principal) {
      const check = await sessionStore.check(principal.sessionId, clock.now())
      if (!check.alive) throw sessionOver(check.reason)
      const user = await users.findById(principal.userId)
      if (!user) throw sessionOver('user_deleted')
      return { user, session: check.session }
    },
  }
}

/** Which administrator it was is not known here: the command line has none. */
const NOBODY: EndActor = { actorId: null, address: null }

function actorOf(principal: Principal): EndActor {
  return { actorId: principal.userId, address: null }
}

function someEnded(result: EndResult): EndResult {
  if (result.ended > 0) return result
  throw new AppError('NOT_FOUND', 'session_not_found', 'There is no such live session.')
}

async function listSessions(
  deps: SessionServiceDeps,
  userId: string,
  currentId: string | null,
): Promise<readonly SessionView[]> {
  const sessions = await deps.sessionStore.listByUser(userId, deps.clock.now())
  return viewSessions(deps, sessions, currentId)
}

async function viewSessions(
  deps: SessionServiceDeps,
  sessions: readonly Session[],
  currentId: string | null,
): Promise<readonly SessionView[]> {
  const connections = await countConnections(
    deps,
    sessions.map((session) => session.id),
  )
  return sessions.map((session) => ({
    ...session,
    current: session.id === currentId,
    connections: connections.get(session.id) ?? 0,
  }))
}

/** Over all processes that answer; a list without the counts is better than no list. */
async function countConnections(
  { broker, logger, surveyTimeoutMs }: SessionServiceDeps,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const total = new Map<string, number>()
  if (sessionIds.length === 0) return total
  try {
    const survey = await broker.survey('count_connections', { sessionIds }, surveyTimeoutMs)
    for (const { bySession } of survey.answers) {
      for (const [id, count] of Object.entries(bySession)) {
        total.set(id, (total.get(id) ?? 0) + count)
      }
    }
  } catch (error) {
    logger.warn({ err: error }, 'cannot count the open connections')
  }
  return total
}
