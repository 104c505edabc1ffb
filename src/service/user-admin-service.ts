import { AppError } from '../errors/app-error.js'
import type { Principal } from '../domain/session.js'
import type { User } from '../domain/user.js'
import { validateChanges, type WantedChanges } from './account-input.js'
import { type EndActor, type EndResult, NOTHING_ENDED, type SessionEnder } from './session-ender.js'
import { changeUser, removeUser, type UserChangeDeps } from './user-change.js'

/** What an administrator does with the accounts of others. */
export interface UserAdminService {
  /**
   * Raises PERMISSION_DENIED (`admin_required`) unless the caller is an administrator: by the token, and by the
   * account as it is now, so that a role that was taken away is gone at once.
   */
  authorize(principal: Principal): Promise<void>
  /**
   * Changes an account. Freezing it ends all its sessions with reason `user_frozen`; `end` tells what that did.
   * Raises NOT_FOUND (`user_not_found`), ALREADY_EXISTS (`email_taken`), INVALID_ARGUMENT with every wrong field,
   * FAILED_PRECONDITION (`own_account`) for a change that would lock the actor out.
   */
  update(
    userId: string,
    changes: WantedChanges,
    actor: EndActor,
  ): Promise<{ user: User; end: EndResult }>
  /**
   * Deletes an account and ends all its sessions with reason `user_deleted`. Raises NOT_FOUND
   * (`user_not_found`), FAILED_PRECONDITION (`own_account`).
   */
  delete(userId: string, actor: EndActor): Promise<EndResult>
}

export interface UserAdminServiceDeps extends UserChangeDeps {
  readonly ender: SessionEnder
}

export function createUserAdminService(deps: UserAdminServiceDeps): UserAdminService {
  const { users, ender } = deps
  return {
    async authorize({ role, userId }) {
      const user = role === 'admin' ? await users.findById(userId) : null
      if (user?.role === 'admin' && user.state === 'active') return
      const message = 'This is for administrators only.'
      throw new AppError('PERMISSION_DENIED', 'admin_required', message)
    },
    async update(userId, wanted, actor) {
      const changes = validateChanges(wanted)
      const { role = 'admin', state = 'active' } = changes
      if (role !== 'admin' || state !== 'active') refuseOwn(userId, actor)
      const user = await changeUser(deps, userId, changes, actor)
      const end =
        user.state === 'frozen'
          ? await ender.end({ by: 'user', userId }, 'user_frozen', actor)
          : NOTHING_ENDED
      return { user, end }
    },
    async delete(userId, actor) {
      refuseOwn(userId, actor)
      await removeUser(deps, userId, actor)
      return ender.end({ by: 'user', userId }, 'user_deleted', actor)
    },
  }
}

/** An administrator who locks themselves out may have been the last one. */
function refuseOwn(userId: string, { actorId }: EndActor): void {
  if (userId !== actorId) return
  const message = 'Nobody takes away their own account or role; another administrator can.'
  throw new AppError('FAILED_PRECONDITION', 'own_account', message)
}
