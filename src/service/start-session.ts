import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import {
  type Session,
  type SessionEndReason,
  sessionOver,
  type SessionPolicy,
  type SessionStore,
  type SignInMethod,
} from '../domain/session.js'
import type { User, UserRepository } from '../domain/user.js'
import { randomId } from '../util/random-id.js'
import type { AuditTrail } from './audit-trail.js'
import type { AuthAnnouncer } from './auth-announcer.js'
import type { SessionEnder } from './session-ender.js'
import type { SignIn, TokenPairIssuer } from './token-pair.js'

export interface StartSessionDeps {
  readonly users: UserRepository
  readonly sessionStore: SessionStore
  readonly pairs: TokenPairIssuer
  readonly ender: SessionEnder
  readonly auditTrail: AuditTrail
  readonly announcer: AuthAnnouncer
  readonly clock: Clock
  readonly policy: SessionPolicy
  readonly idleSeconds: number
  readonly shortIdleSeconds: number
  readonly absoluteSeconds: number
}

/** How the user proved who they are, and whether the session is to be kept for longer. */
export interface SignInOptions {
  readonly method: SignInMethod
  readonly remember: boolean
}

/** Who has proved who they are, and by which password; without one when the proof was given elsewhere. */
export interface ProvedUser {
  readonly user: User
  readonly passwordHash?: string | null
}

/**
 * Gives a user who has proved who they are a session under the policy, whatever the proof was.
 * Raises RESOURCE_EXHAUSTED with reason `session_limit` when the policy refuses, UNAUTHENTICATED with
 * `user_frozen`, `user_deleted` or `password_changed` when the proof stopped counting meanwhile.
 */
export async function startSession(
  deps: StartSessionDeps,
  proved: ProvedUser,
  { method, remember }: SignInOptions,
  client: ClientContext,
): Promise<SignIn> {
  const { user } = proved
  const session = newSession(deps, user, { method, remember }, client)
  const { pair, refreshHash, keyId } = await deps.pairs.issue(session, user)
  const displaced = await deps.sessionStore.create({ ...session, refreshHash, keyId }, deps.policy)
  await deps.auditTrail.record({
    type: 'session.started',
    actorId: user.id,
    userId: user.id,
    sessionId: session.id,
    address: client.address,
    data: { method, remember, clientId: client.clientId },
  })
  await deps.ender.announce(displaced, { actorId: user.id, address: client.address })
  await endIfChanged(deps, proved, session, client)
  announceSignIn(deps.announcer, session, client)
  return deps.pairs.present(pair, session, user)
}

/**
 * Whatever changes a password, freezes or deletes a user ends the sessions that are there at that moment. One
 * that was started meanwhile, by what held before, ends here.
 */
async function endIfChanged(
  deps: StartSessionDeps,
  proved: ProvedUser,
  { id: sessionId }: Session,
  { address }: ClientContext,
): Promise<void> {
  const reason = await changeSince(deps, proved)
  if (reason === null) return
  const selector = { by: 'session', sessionId, userId: proved.user.id } as const
  await deps.ender.end(selector, reason, { actorId: null, address })
  throw sessionOver(reason)
}

/** Why the proof does not count any more; null while it does. */
async function changeSince(
  { users }: StartSessionDeps,
  { user, passwordHash }: ProvedUser,
): Promise<SessionEndReason | null> {
  const now = await users.findCredentials(user.username)
  if (now?.user.id !== user.id) return 'user_deleted'
  if (now.user.state !== 'active') return 'user_frozen'
  // A password that was changed takes nothing from a proof that was given elsewhere.
  const isSame = passwordHash === undefined || passwordHash === now.passwordHash
  return isSame ? null : 'password_changed'
}

/** Tells the tabs that the sign-in belongs to; all others only that the user's list of sessions is longer. */
function announceSignIn(
  announcer: AuthAnnouncer,
  { id: sessionId, userId, clientId }: Session,
  { reach }: ClientContext,
): void {
  const tabId = reach?.kind === 'tab' ? reach.tabId : null
  void announcer.announce(
    reach === undefined
      ? { type: 'sessions_changed', userId }
      : { type: 'signed_in', clientId, tabId, userId, sessionId },
  )
}

function newSession(
  deps: StartSessionDeps,
  user: User,
  { method, remember }: SignInOptions,
  client: ClientContext,
): Session {
  const now = deps.clock.now()
  const expiresAt = now + deps.absoluteSeconds * 1000
  const idleMs = (remember ? deps.idleSeconds : deps.shortIdleSeconds) * 1000
  return {
    id: randomId(),
    userId: user.id,
    clientId: client.clientId,
    method,
    userAgent: client.userAgent,
    address: client.address,
    createdAt: now,
    lastSeenAt: now,
    idleExpiresAt: Math.min(now + idleMs, expiresAt),
    expiresAt,
  }
}
