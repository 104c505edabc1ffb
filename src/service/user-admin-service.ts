import { AppError } from '../errors/app-error.js'
import type { Principal } from '../domain/session.js'
import type { User } from '../domain/user.js'
import { validateChanges, type WantedChanges } from './account-input.js'
import { type EndActor, type EndResult, NOTHING_ENDED } from './session-ender.js'
import {
  changeAndEnd,
  type EndingChangeDeps,
  planUserChange,
  planUserRemoval,
  type UserChangeDeps,
} from './user-change.js'

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

export type UserAdminServiceDeps = UserChangeDeps & EndingChangeDeps

export function createUserAdminService(deps: UserAdminServiceDeps): UserAdminService {
  const { users } = deps
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
      const change = await planUserChange(deps, userId, changes, actor)
      if (changes.state === 'frozen') {
        const frozen = { userId, reason: 'user_frozen' } as const
        const { result: user, end } = await changeAndEnd(deps, change, frozen, actor)
        return { user, end }
      }
      return { user: await deps.transactions.run(change), end: NOTHING_ENDED }
    },
    async delete(userId, actor) {
      refuseOwn(userId, actor)
      const removal = await planUserRemoval(deps, userId, actor)
      const deleted = { userId, reason: 'user_deleted' } as const
      return (await changeAndEnd(deps, removal, deleted, actor)).end
    },
  }
}

/** An administrator who locks themselves out may have been the last one. */
function refuseOwn(userId: string, { actorId }: EndActor): void {
  if (userId !== actorId) return
  const message = 'Nobody takes away their own account or role; another administrator can.'
  throw new AppError('FAILED_PRECONDITION', 'own_account', message)
}
