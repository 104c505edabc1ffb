import { type AppError, invalidArgument, unauthenticated } from '../errors/app-error.js'
import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import { normalizePassword, PASSWORD_BYTES_MAX, type PasswordHasher } from '../domain/password.js'
import type { Session, SessionPolicy, SessionStore, SignInMethod } from '../domain/session.js'
import {
  canonicalEmail,
  canonicalUsername,
  type User,
  type UserRepository,
} from '../domain/user.js'
import { randomId } from '../util/random-id.js'
import type { AuditTrail } from './audit-trail.js'
import type { AuthAnnouncer } from './auth-announcer.js'
import type { SessionEnder } from './session-ender.js'
import type { SignIn, TokenPairIssuer } from './token-pair.js'

/** A name that no account can have: looked up when the given one cannot be one, for the same work. */
const IMPOSSIBLE_LOGIN = '-'
/** What is hashed in place of a password that cannot be one. */
const IMPOSSIBLE_PASSWORD = 'no such password'

export interface LoginDeps {
  readonly users: UserRepository
  readonly sessionStore: SessionStore
  readonly passwordHasher: PasswordHasher
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

/**
 * Signs in with a password. Every failing branch does one look-up, one hash and one audit event, and gives
 * one answer: UNAUTHENTICATED, `credentials_invalid`.
 */
export async function login(
  deps: LoginDeps,
  input: { login: string; password: string; remember: boolean },
  client: ClientContext,
): Promise<SignIn> {
  refuseOversize(input.password)
  const name = canonicalLogin(input.login)
  const password = usablePassword(input.password)
  const found = await deps.users.findCredentials(name ?? IMPOSSIBLE_LOGIN)
  const stored = password === null ? null : (found?.passwordHash ?? null)
  const matches = await deps.passwordHasher.verify(stored, password ?? IMPOSSIBLE_PASSWORD)
  if (!found || !matches || found.user.state !== 'active') {
    await deps.auditTrail.record({
      type: 'login.failed',
      actorId: null,
      userId: found?.user.id ?? null,
      sessionId: null,
      address: client.address,
      // The name that was tried is not written down: people type passwords into the wrong field.
      data: { clientId: client.clientId },
    })
    throw credentialsInvalid()
  }
  return startSession(deps, found.user, { method: 'password', remember: input.remember }, client)
}

/** Gives a user who has proved who they are a session under the policy. */
async function startSession(
  deps: LoginDeps,
  user: User,
  { method, remember }: { method: SignInMethod; remember: boolean },
  client: ClientContext,
): Promise<SignIn> {
  const session = newSession(deps, user, method, remember, client)
  const { pair, refreshHash } = await deps.pairs.issue(session, user)
  const displaced = await deps.sessionStore.create({ ...session, refreshHash }, deps.policy)
  await deps.auditTrail.record({
    type: 'session.started',
    actorId: user.id,
    userId: user.id,
    sessionId: session.id,
    address: client.address,
    data: { method, remember, clientId: client.clientId },
  })
  await deps.ender.announce(displaced, { actorId: user.id, address: client.address })
  announceSignIn(deps.announcer, session, client)
  return deps.pairs.present(pair, session, user)
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
  deps: LoginDeps,
  user: User,
  method: SignInMethod,
  remember: boolean,
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

/** A password of this size is not a wrong password but a wrong request: refused before any work on it. */
function refuseOversize(password: string): void {
  if (password.length <= PASSWORD_BYTES_MAX && Buffer.byteLength(password) <= PASSWORD_BYTES_MAX) {
    return
  }
  const message = `A password has at most ${PASSWORD_BYTES_MAX} bytes.`
  throw invalidArgument(message, [{ path: 'password', message }])
}

function canonicalLogin(input: string): string | null {
  try {
    return input.includes('@') ? canonicalEmail(input) : canonicalUsername(input)
  } catch {
    return null
  }
}

function usablePassword(input: string): string | null {
  try {
    return normalizePassword(input)
  } catch {
    return null
  }
}

function credentialsInvalid(): AppError {
  return unauthenticated('credentials_invalid', 'The name or the password is wrong.')
}
