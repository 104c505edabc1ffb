import { AppError } from '../errors/app-error.js'
import type { AuditLog } from '../domain/audit.js'
import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import type { PasswordHasher } from '../domain/password.js'
import { type Principal, sessionOver } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UserCredentials, UserRepository } from '../domain/user.js'
import { validatePassword } from './account-input.js'
import type { EndResult, SessionEnder } from './session-ender.js'

/**
 * Changes the caller's password and ends their other sessions with reason `password_changed`. Raises
 * PERMISSION_DENIED (`password_wrong`), INVALID_ARGUMENT for a new one that cannot be used, RESOURCE_EXHAUSTED
 * with `hashing_busy`.
 */
export type ChangePassword = (
  principal: Principal,
  passwords: { currentPassword: string; newPassword: string },
  client: ClientContext,
) => Promise<EndResult>

export interface PasswordChangeDeps {
  readonly users: UserRepository
  readonly transactions: TransactionRunner
  readonly passwordHasher: PasswordHasher
  readonly auditLog: AuditLog
  readonly ender: SessionEnder
  readonly clock: Clock
  readonly isCommonPassword: (password: string) => boolean
}

export function createPasswordChange(deps: PasswordChangeDeps): ChangePassword {
  return async (principal, { currentPassword, newPassword }, { address }) => {
    const { user, passwordHash: known } = await credentialsOf(deps.users, principal.userId)
    if (!(await deps.passwordHasher.verify(known, currentPassword.normalize('NFKC')))) {
      const message = 'The current password is wrong.'
      throw new AppError('PERMISSION_DENIED', 'password_wrong', message)
    }
    const names = [user.username, user.email]
    const password = validatePassword(newPassword, names, deps.isCommonPassword)
    const passwordHash = await deps.passwordHasher.hash(password)
    const actor = { actorId: user.id, address }
    await deps.transactions.run(async (tx) => {
      await deps.users.update(tx, user.id, { passwordHash })
      const event = {
        type: 'password.changed',
        userId: user.id,
        sessionId: null,
        data: {},
      } as const
      await deps.auditLog.append({ ...event, ...actor, at: deps.clock.now() }, tx)
    })
    const others = { by: 'user', userId: user.id, exceptSessionId: principal.sessionId } as const
    return deps.ender.end(others, 'password_changed', actor)
  }
}

async function credentialsOf(users: UserRepository, id: string): Promise<UserCredentials> {
  const user = await users.findById(id)
  const found = user && (await users.findCredentials(user.username))
  if (!found) throw sessionOver('user_deleted')
  return found
}
