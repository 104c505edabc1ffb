import type { FastifyRequest } from 'fastify'
import type { ClientContext } from '../../domain/client.js'
import { type ClientContextDeps, resolveClient } from '../client-context.js'
import type { TypedServer } from '../fastify-types.js'

/**
 * Labels the browser: `request.client` is set, and an answer to a browser without a genuine label carries
 * one. With `skipBearer`, a request that shows a Bearer token is left alone: it is known by its session.
 */
export function registerClient(
  scope: TypedServer,
  deps: ClientContextDeps,
  options: { readonly skipBearer: boolean },
): void {
  scope.addHook('onRequest', (request, reply, done) => {
    if (!options.skipBearer || request.headers.authorization === undefined) {
      request.client = resolveClient(deps, request, reply)
    }
    done()
  })
}

/** Who is at the other end, in a scope that labels every request. */
export function clientOf(request: FastifyRequest): ClientContext {
  if (request.client) return request.client
  throw new Error('the route is not in a scope that labels clients')
}
