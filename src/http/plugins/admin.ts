import type { FastifyRequest } from 'fastify'
import type { EndActor } from '../../service/session-ender.js'
import type { UserAdminService } from '../../service/user-admin-service.js'
import type { TypedServer } from '../fastify-types.js'
import { peerAddress } from '../peer-address.js'
import { principalOf } from './authentication.js'

/**
 * Guards a scope inside a guarded scope: every route of it is for administrators. The check runs before the body
 * is read.
 */
export function registerAdminOnly(scope: TypedServer, userAdmin: UserAdminService): void {
  scope.addHook('onRequest', async (request) => {
    await userAdmin.authorize(principalOf(request))
  })
}

/** Who acts, and from where, in a guarded scope. */
export function actorOf(request: FastifyRequest): EndActor {
  return { actorId: principalOf(request).userId, address: peerAddress(request) }
}
