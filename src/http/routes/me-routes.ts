import type { AccountService } from '../../service/account-service.js'
import type { SessionService } from '../../service/session-service.js'
import type { TypedServer } from '../fastify-types.js'
import { principalOf } from '../plugins/authentication.js'
import { GET_ME_SCHEMA, toUserJson, UPDATE_ME_SCHEMA } from '../schemas/user-schema.js'
import { toSessionJson } from '../schemas/session-schema.js'

export interface MeRoutesDeps {
  readonly accounts: AccountService
  readonly sessions: SessionService
}

/** The caller's own account: for a guarded scope. */
export function registerMeRoutes(scope: TypedServer, { accounts, sessions }: MeRoutesDeps): void {
  scope.get('/me', { schema: GET_ME_SCHEMA, config: { operation: 'getMe' } }, async (request) => {
    const { user, session } = await sessions.current(principalOf(request))
    return { user: toUserJson(user), session: toSessionJson(session) }
  })
  scope.patch(
    '/me',
    { schema: UPDATE_ME_SCHEMA, config: { operation: 'updateMe' } },
    async (request) => {
      const principal = principalOf(request)
      const user = await accounts.updateProfile(principal.userId, request.body)
      const { session } = await sessions.current(principal)
      return { user: toUserJson(user), session: toSessionJson(session) }
    },
  )
}
