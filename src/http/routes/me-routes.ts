import type { AccountService } from '../../service/account-service.js'
import type { CredentialService } from '../../service/credential-service.js'
import type { SessionService } from '../../service/session-service.js'
import type { TypedServer } from '../fastify-types.js'
import { peerAddress } from '../peer-address.js'
import { principalOf } from '../plugins/authentication.js'
import {
  CHANGE_PASSWORD_SCHEMA,
  GET_ME_SCHEMA,
  toUserJson,
  UPDATE_ME_SCHEMA,
} from '../schemas/user-schema.js'
import { toEndResultJson, toSessionJson } from '../schemas/session-schema.js'

export interface MeRoutesDeps {
  readonly accounts: AccountService
  readonly credentials: CredentialService
  readonly sessions: SessionService
}

/** The caller's own account: for a guarded scope. */
export function registerMeRoutes(
  scope: TypedServer,
  { accounts, credentials, sessions }: MeRoutesDeps,
): void {
  scope.get('/me', { schema: GET_ME_SCHEMA, config: { operation: 'getMe' } }, async (request) => {
    const { user, session } = await sessions.current(principalOf(request))
    return { user: toUserJson(user), session: toSessionJson(session) }
  })
  scope.patch(
    '/me',
    { schema: UPDATE_ME_SCHEMA, config: { operation: 'updateMe' } },
    async (request) => {
      const principal = principalOf(request)
      const { email, currentPassword = '', ...profile } = request.body
      const user =
        email === undefined
          ? await accounts.updateProfile(principal.userId, profile)
          : await credentials.changeEmail(
              principal,
              { ...profile, email, currentPassword },
              peerAddress(request),
            )
      const { session } = await sessions.current(principal)
      return { user: toUserJson(user), session: toSessionJson(session) }
    },
  )
  scope.post(
    '/me/password',
    { schema: CHANGE_PASSWORD_SCHEMA, config: { operation: 'changePassword' } },
    async (request) => {
      const end = await credentials.changePassword(
        principalOf(request),
        request.body,
        peerAddress(request),
      )
      return toEndResultJson(end)
    },
  )
}
