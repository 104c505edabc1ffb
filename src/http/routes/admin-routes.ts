import type { AuditLog, AuditQuery } from '../../domain/audit.js'
import { invalidArgument } from '../../errors/app-error.js'
import type { AccountService } from '../../service/account-service.js'
import type { CredentialService } from '../../service/credential-service.js'
import type { SessionService } from '../../service/session-service.js'
import type { UserAdminService } from '../../service/user-admin-service.js'
import type { TypedServer } from '../fastify-types.js'
import { actorOf } from '../plugins/admin.js'
import {
  CREATE_RESET_LINK_SCHEMA,
  DELETE_USER_SCHEMA,
  END_ANY_SESSION_SCHEMA,
  END_SIGNED_SESSIONS_SCHEMA,
  END_USER_SESSIONS_SCHEMA,
  LIST_AUDIT_SCHEMA,
  LIST_USER_SESSIONS_SCHEMA,
  LIST_USERS_SCHEMA,
  PAGE_DEFAULT,
  toAuditPageJson,
  toChangedUserJson,
  toResetLinkJson,
  toUserPageJson,
  UPDATE_USER_SCHEMA,
} from '../schemas/admin-schema.js'
import { toEndResultJson, toListedSessionJson } from '../schemas/session-schema.js'

export interface AdminRoutesDeps {
  readonly accounts: AccountService
  readonly credentials: CredentialService
  readonly sessions: SessionService
  readonly userAdmin: UserAdminService
  readonly auditReader: Pick<AuditLog, 'list'>
}

/** The accounts, sessions and audit log of the house: for a scope of administrators. */
export function registerAdminRoutes(scope: TypedServer, deps: AdminRoutesDeps): void {
  registerUserRoutes(scope, deps)
  registerEndRoutes(scope, deps)
  scope.get(
    '/admin/audit',
    { schema: LIST_AUDIT_SCHEMA, config: { operation: 'listAuditEvents' } },
    async (request) => {
      const { since, limit = PAGE_DEFAULT, ...query } = request.query
      return toAuditPageJson(await deps.auditReader.list({ ...query, limit, ...parseSince(since) }))
    },
  )
}

function registerUserRoutes(
  scope: TypedServer,
  { accounts, credentials, userAdmin }: AdminRoutesDeps,
): void {
  scope.get(
    '/admin/users',
    { schema: LIST_USERS_SCHEMA, config: { operation: 'listUsers' } },
    async (request) => {
      const { limit = PAGE_DEFAULT, ...query } = request.query
      return toUserPageJson(await accounts.list({ ...query, limit }))
    },
  )
  scope.patch(
    '/admin/users/:id',
    { schema: UPDATE_USER_SCHEMA, config: { operation: 'updateUser' } },
    async (request) =>
      toChangedUserJson(await userAdmin.update(request.params.id, request.body, actorOf(request))),
  )
  scope.delete(
    '/admin/users/:id',
    { schema: DELETE_USER_SCHEMA, config: { operation: 'deleteUser' } },
    async (request) => toEndResultJson(await userAdmin.delete(request.params.id, actorOf(request))),
  )
  scope.post(
    '/admin/users/:id/password_reset',
    { schema: CREATE_RESET_LINK_SCHEMA, config: { operation: 'createResetLink' } },
    async (request, reply) => {
      const made = await credentials.createResetLink(request.params.id, actorOf(request))
      return reply.code(201).send(toResetLinkJson(made))
    },
  )
}

function registerEndRoutes(scope: TypedServer, { sessions }: AdminRoutesDeps): void {
  scope.get(
    '/admin/users/:id/sessions',
    { schema: LIST_USER_SESSIONS_SCHEMA, config: { operation: 'listUserSessions' } },
    async (request) => {
      const views = await sessions.listForUser(request.params.id)
      return { sessions: views.map(toListedSessionJson) }
    },
  )
  scope.delete(
    '/admin/users/:id/sessions',
    { schema: END_USER_SESSIONS_SCHEMA, config: { operation: 'endUserSessions' } },
    async (request) => {
      const target = { userId: request.params.id, ...request.query }
      return toEndResultJson(await sessions.endAsAdmin(target, actorOf(request)))
    },
  )
  scope.delete(
    '/admin/sessions/:id',
    { schema: END_ANY_SESSION_SCHEMA, config: { operation: 'endAnySession' } },
    async (request) => {
      const target = { sessionId: request.params.id }
      return toEndResultJson(await sessions.endAsAdmin(target, actorOf(request)))
    },
  )
  scope.delete(
    '/admin/keys/:id/sessions',
    { schema: END_SIGNED_SESSIONS_SCHEMA, config: { operation: 'endSignedSessions' } },
    async (request) => {
      const target = { keyId: request.params.id }
      return toEndResultJson(await sessions.endAsAdmin(target, actorOf(request)))
    },
  )
}

function parseSince(text: string | undefined): Pick<AuditQuery, 'since'> {
  if (text === undefined) return {}
  const since = Date.parse(text)
  if (Number.isSafeInteger(since)) return { since }
  const message = 'must be an instant such as 2026-01-01T00:00:00Z'
  throw invalidArgument(`query.since: ${message}.`, [{ path: 'query.since', message }])
}
