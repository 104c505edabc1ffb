import { AppError } from '../errors/app-error.js'
import type { Broker } from '../domain/broker.js'
import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { PasswordHasher } from '../domain/password.js'
import type { RevocationLog } from '../domain/revocation.js'
import {
  type Principal,
  type Session,
  sessionOver,
  type SessionPolicy,
  type SessionStore,
} from '../domain/session.js'
import type { TokenIssuer, TokenVault, TokenVerifier } from '../domain/token.js'
import { type User, userNotFound, type UserRepository } from '../domain/user.js'
import type { AuditTrail } from './audit-trail.js'
import type { AuthAnnouncer } from './auth-announcer.js'
import { login } from './login.js'
import { refresh } from './refresh.js'
import type { PasswordThrottle } from './password-throttle.js'
import { type EndActor, type EndResult, NOBODY, type SessionEnder } from './session-ender.js'
import { type SignInOptions, startSession } from './start-session.js'
import { createTokenPairIssuer, type SignIn } from './token-pair.js'
import type { UserDirectory } from './user-directory.js'

export type { EndResult } from './session-ender.js'
export type { SignIn } from './token-pair.js'

/** A session in the list of its owner. */
export interface SessionView extends Session {
  readonly current: boolean
  /** Open sockets and streams of the session over all processes. */
  readonly connections: number
}

/** What an administrator may end at once. */
export type EndTarget =
  | { readonly sessionId: string }
  | { readonly userId: string; readonly clientId?: string }
  | { readonly keyId: string }

export interface SessionService {
  /**
   * Signs in with username or e-mail and password. Unknown user, wrong password and an account that may not
   * sign in are one answer and one amount of work: UNAUTHENTICATED, reason `credentials_invalid`.
   * Raises RESOURCE_EXHAUSTED with `hashing_busy`, `too_many_attempts` or `session_limit`.
   */
  login(
    input: { login: string; password: string; remember: boolean },
    client: ClientContext,
  ): Promise<SignIn>
  /**
   * Gives a user who has proved who they are in another way a session, as `login` does.
   * Raises RESOURCE_EXHAUSTED with `session_limit`, UNAUTHENTICATED with `user_frozen` or `user_deleted` when that
   * happened meanwhile.
   */
  start(user: User, options: SignInOptions, client: ClientContext): Promise<SignIn>
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
  /**
   * Ends the caller's sessions on one browser or device, with all its tabs; the current one too when it is that
   * one. Raises NOT_FOUND (`session_not_found`) when there is none.
   */
  endClient(principal: Principal, clientId: string): Promise<EndResult>
  /** Live sessions of any user, for the operator. Raises NOT_FOUND (`user_not_found`). */
  listForUser(userId: string): Promise<readonly SessionView[]>
  /** Live sessions of several users at once, by user id; who has none is left out. None is `current`. */
  listForUsers(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly SessionView[]>>
  /**
   * Ends one session, all of a user or of one client of theirs, or all whose newest tokens a key signed (none is
   * no error but for the first), with reason `ended_by_admin`.
   * Raises NOT_FOUND with `session_not_found` or `user_not_found`.
   */
  endAsAdmin(target: EndTarget, actor?: EndActor): Promise<EndResult>
  /**
   * A live session, as it was when the caller was authenticated or else as the store has it, and its user as the
   * directory has it. Raises UNAUTHENTICATED with the session's end reason or `user_deleted`.
   */
  current(
    principal: Pick<Principal, 'sessionId' | 'userId'> & { readonly session?: Session },
  ): Promise<{ user: User; session: Session }>
}

export interface SessionServiceDeps {
  readonly users: UserRepository
  readonly userDirectory: UserDirectory
  readonly sessionStore: SessionStore
  readonly revocationLog: RevocationLog
  readonly passwordHasher: PasswordHasher
  readonly tokenIssuer: TokenIssuer
  readonly tokenVerifier: TokenVerifier
  readonly tokenVault: TokenVault
  readonly broker: Broker
  readonly throttle: PasswordThrottle
  readonly auditTrail: AuditTrail
  readonly ender: SessionEnder
  readonly announcer: AuthAnnouncer
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
  const { users, userDirectory, ender } = base
  const deps = { ...base, pairs: createTokenPairIssuer(base) }

  return {
    login: (input, client) => login(deps, input, client),
    start: (user, options, client) => startSession(deps, { user }, options, client),
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
    async endClient(principal, clientId) {
      const selector = { by: 'client', userId: principal.userId, clientId } as const
      return someEnded(await ender.end(selector, 'ended_by_user', actorOf(principal)))
    },
    async listForUser(userId) {
      if (!(await users.findById(userId))) throw userNotFound()
      return listSessions(base, userId, null)
    },
    async listForUsers(userIds) {
      const byUser = await base.sessionStore.listByUsers(userIds, base.clock.now())
      const views = await viewSessions(base, [...byUser.values()].flat(), null)
      const lists = new Map([...byUser.keys()].map((id): [string, SessionView[]] => [id, []]))
      for (const view of views) lists.get(view.userId)?.push(view)
      return lists
    },
    async endAsAdmin(target, actor = NOBODY) {
      if ('sessionId' in target) {
        const selector = { by: 'session', sessionId: target.sessionId } as const
        return someEnded(await ender.end(selector, 'ended_by_admin', actor))
      }
      if ('keyId' in target) {
        return ender.end({ by: 'key', keyId: target.keyId }, 'ended_by_admin', actor)
      }
      const { userId, clientId } = target
      if (!(await users.findById(userId))) throw userNotFound()
      const selector =
        clientId === undefined
          ? ({ by: 'user', userId } as const)
          : ({ by: 'client', userId, clientId } as const)
      return ender.end(selector, 'ended_by_admin', actor)
    },
    async current({ userId, sessionId, session = null }) {
      const live = session ?? (await liveSession(base, sessionId))
      const user = await userDirectory.find(userId)
      if (!user) throw sessionOver('user_deleted')
      return { user, session: live }
    },
  }
}

function actorOf(principal: Principal): EndActor {
  return { actorId: principal.userId, address: null }
}

/** Raises UNAUTHENTICATED with the end reason of one that is over. */
async function liveSession(
  { sessionStore, clock }: SessionServiceDeps,
  sessionId: string,
): Promise<Session> {
  const check = await sessionStore.check(sessionId, clock.now())
  if (!check.alive) throw sessionOver(check.reason)
  return check.session
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
