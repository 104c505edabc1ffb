import { AppError } from '../errors/app-error.js'
import type { OneTimeStore } from '../domain/one-time-store.js'
import { PASSWORD_BYTES_MAX, normalizePassword, type PasswordHasher } from '../domain/password.js'
import { type Principal, sessionOver } from '../domain/session.js'
import type { TokenVault } from '../domain/token.js'
import { type User, type UserCredentials, userNotFound } from '../domain/user.js'
import { randomId } from '../util/random-id.js'
import { validateChanges, validatePassword, type WantedChanges } from './account-input.js'
import type { AuditTrail } from './audit-trail.js'
import type { PasswordThrottle } from './password-throttle.js'
import type { EndActor, EndResult } from './session-ender.js'
import {
  changeAndEnd,
  changeUser,
  type EndingChangeDeps,
  planUserChange,
  type UserChangeDeps,
} from './user-change.js'

/** A way to set a new password once, to be handed to the owner of the account. */
export interface ResetLink {
  readonly token: string
  /** The page for it, with the token in the fragment, which no server and no log sees; null when none is configured. */
  readonly link: string | null
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What a user signs in with, and how it changes. */
export interface CredentialService {
  /**
   * Changes the caller's password and ends all their other sessions with reason `password_changed`. `address` is
   * the peer's. Raises PERMISSION_DENIED (`password_wrong`), FAILED_PRECONDITION (`password_not_set`) for an
   * account without a password, INVALID_ARGUMENT for one that cannot be used, RESOURCE_EXHAUSTED with
   * `too_many_attempts` or `hashing_busy`.
   */
  changePassword(
    principal: Principal,
    passwords: { currentPassword: string; newPassword: string },
    address: string,
  ): Promise<EndResult>
  /**
   * Changes the caller's e-mail address, which can be used to sign in, and other fields with it. Raises as
   * `changePassword` does, and ALREADY_EXISTS (`email_taken`).
   */
  changeEmail(
    principal: Principal,
    changes: Pick<WantedChanges, 'displayName' | 'gender'> & {
      email: string | null
      currentPassword: string
    },
    address: string,
  ): Promise<User>
  /** Makes a reset link for a user. Raises NOT_FOUND (`user_not_found`). */
  createResetLink(userId: string, actor: EndActor): Promise<ResetLink>
  /**
   * Sets the password that a reset link was made for and ends all sessions of its user with reason
   * `password_reset`. A link is good once, and void as soon as the password changes in any way. Raises
   * INVALID_ARGUMENT with `reset_token_invalid`, or for a password that cannot be used, and the link stays good;
   * RESOURCE_EXHAUSTED with `too_many_attempts` or `hashing_busy`.
   */
  resetPassword(reset: { token: string; newPassword: string }, address: string): Promise<EndResult>
}

export interface CredentialServiceDeps extends UserChangeDeps, EndingChangeDeps {
  readonly oneTimeValues: OneTimeStore
  readonly passwordHasher: PasswordHasher
  readonly throttle: PasswordThrottle
  readonly tokenVault: Pick<TokenVault, 'hashTokenId'>
  readonly auditTrail: AuditTrail
  readonly isCommonPassword: (password: string) => boolean
  readonly resetLinkSeconds: number
  /** Where people set a new password; empty when there is no such page. */
  readonly resetUrl: string
}

/** What is kept of a reset link. */
interface Reset {
  readonly userId: string
  /** Which password was set when the link was made. */
  readonly passwordMark: string
  readonly expiresAt: number
}

export function createCredentialService(deps: CredentialServiceDeps): CredentialService {
  return {
    async changePassword(principal, { currentPassword, newPassword }, address) {
      const { user } = await provePassword(deps, principal, currentPassword, address)
      const password = validateFor(deps, user, newPassword)
      const passwordHash = await deps.passwordHasher.hash(password)
      const actor = { actorId: user.id, address }
      const entry = { type: 'password.changed', data: {} } as const
      const change = await planUserChange(deps, user.id, { passwordHash }, actor, [entry])
      const others = { userId: user.id, exceptSessionId: principal.sessionId } as const
      const reason = 'password_changed'
      return (await changeAndEnd(deps, change, { ...others, reason }, actor)).end
    },
    async changeEmail(principal, { currentPassword, ...wanted }, address) {
      const changes = validateChanges(wanted)
      const { user } = await provePassword(deps, principal, currentPassword, address)
      return changeUser(deps, user.id, changes, { actorId: user.id, address })
    },
    createResetLink: (userId, actor) => createResetLink(deps, userId, actor),
    resetPassword: (reset, address) => resetPassword(deps, reset, address),
  }
}

/** The caller, who knows their password. A wrong one counts as a failed sign-in from their browser. */
async function provePassword(
  deps: CredentialServiceDeps,
  { userId, clientId }: Principal,
  password: string,
  address: string,
): Promise<UserCredentials> {
  const found = await credentialsOf(deps, userId)
  if (!found) throw sessionOver('user_deleted')
  const { passwordHash, user } = found
  if (passwordHash === null) {
    throw new AppError('FAILED_PRECONDITION', 'password_not_set', 'This account has no password.')
  }
  const attempt = { name: user.username, clientId, address }
  const proved = await deps.throttle.guard(attempt, async () =>
    (await deps.passwordHasher.verify(passwordHash, hashable(password))) ? found : null,
  )
  if (proved) return proved
  throw new AppError('PERMISSION_DENIED', 'password_wrong', 'The current password is wrong.')
}

/** A password that cannot be one is wrong like any other, after the same work. */
function hashable(password: string): string {
  try {
    return normalizePassword(password)
  } catch {
    return password.slice(0, PASSWORD_BYTES_MAX)
  }
}

async function createResetLink(
  deps: CredentialServiceDeps,
  userId: string,
  actor: EndActor,
): Promise<ResetLink> {
  const found = await credentialsOf(deps, userId)
  if (!found) throw userNotFound()
  const token = randomId() + randomId()
  const expiresAt = deps.clock.now() + deps.resetLinkSeconds * 1000
  const reset: Reset = { userId, passwordMark: markOf(deps, found.passwordHash), expiresAt }
  await deps.oneTimeValues.put(keyOf(deps, token), JSON.stringify(reset), expiresAt)
  const data = { expiresAt }
  const type = 'password.reset_link_made'
  await deps.auditTrail.record({ ...actor, type, userId, sessionId: null, data })
  return { token, link: deps.resetUrl === '' ? null : `${deps.resetUrl}#token=${token}`, expiresAt }
}

async function resetPassword(
  deps: CredentialServiceDeps,
  { token, newPassword }: { token: string; newPassword: string },
  address: string,
): Promise<EndResult> {
  const key = keyOf(deps, token)
  const taken = await deps.throttle.guardAddress(address, () => takeReset(deps, key))
  if (!taken) {
    const message = 'This reset link is not valid: it was used before, or its time is up.'
    throw new AppError('INVALID_ARGUMENT', 'reset_token_invalid', message)
  }
  const { user, putBack } = taken
  let passwordHash: string
  try {
    passwordHash = await deps.passwordHasher.hash(validateFor(deps, user, newPassword))
  } catch (error) {
    // Nothing has happened yet: the link stays good for another try.
    await putBack()
    throw error
  }
  const actor = { actorId: null, address }
  const entry = { type: 'password.reset', data: {} } as const
  const change = await planUserChange(deps, user.id, { passwordHash }, actor, [entry])
  const all = { userId: user.id, reason: 'password_reset' } as const
  return (await changeAndEnd(deps, change, all, actor)).end
}

/** Whose password the link sets; null when it is good no more. It is taken: nobody else gets it. */
async function takeReset(
  deps: CredentialServiceDeps,
  key: string,
): Promise<{ user: User; putBack: () => Promise<void> } | null> {
  const value = await deps.oneTimeValues.take(key, deps.clock.now())
  if (value === null) return null
  // Written by `createResetLink` above, so its shape needs no second look.
  const { userId, passwordMark, expiresAt } = JSON.parse(value) as Reset
  const found = await credentialsOf(deps, userId)
  if (!found || markOf(deps, found.passwordHash) !== passwordMark) return null
  return { user: found.user, putBack: () => deps.oneTimeValues.put(key, value, expiresAt) }
}

async function credentialsOf(
  { users }: CredentialServiceDeps,
  userId: string,
): Promise<UserCredentials | null> {
  const user = await users.findById(userId)
  return user && users.findCredentials(user.username)
}

function validateFor(deps: CredentialServiceDeps, user: User, password: string): string {
  const names = [user.username, user.email]
  return validatePassword(password, names, deps.isCommonPassword, 'newPassword')
}

function keyOf({ tokenVault }: CredentialServiceDeps, token: string): string {
  return `reset:${tokenVault.hashTokenId(token)}`
}

/** Tells two passwords apart without giving their hashes away. */
function markOf({ tokenVault }: CredentialServiceDeps, passwordHash: string | null): string {
  return tokenVault.hashTokenId(`password ${passwordHash ?? ''}`)
}
