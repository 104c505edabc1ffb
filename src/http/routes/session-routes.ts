import type { SessionService } from '../../service/session-service.js'
import type { TypedServer } from '../fastify-types.js'
import { principalOf } from '../plugins/authentication.js'
import {
  END_OTHER_SESSIONS_SCHEMA,
  END_SESSION_SCHEMA,
  LIST_SESSIONS_SCHEMA,
  toEndResultJson,
  toListedSessionJson,
} from '../schemas/session-schema.js'

/** The caller's own sessions: for a guarded scope. */
export function registerSessionRoutes(scope: TypedServer, sessions: SessionService): void {
  scope.get(
    '/sessions',
    { schema: LIST_SESSIONS_SCHEMA, config: { operation: 'listSessions' } },
    async (request) => {
      const views = await sessions.list(principalOf(request))
      return { sessions: views.map(toListedSessionJson) }
    },
  )
  scope.delete(
    '/sessions/:id',
    { schema: END_SESSION_SCHEMA, config: { operation: 'endSession' } },
    async (request) => toEndResultJson(await sessions.end(principalOf(request), request.params.id)),
  )
  scope.delete(
    '/sessions',
    { schema: END_OTHER_SESSIONS_SCHEMA, config: { operation: 'endOtherSessions' } },
    async (request) => {
      const { clientId } = request.query
      const principal = principalOf(request)
      return toEndResultJson(
        clientId === undefined
          ? await sessions.endOthers(principal)
          : await sessions.endClient(principal, clientId),
      )
    },
  )
}
