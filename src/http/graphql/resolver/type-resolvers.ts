import type { User } from '../../../domain/user.js'
import type { EndResult, SessionView, SignIn } from '../../../service/session-service.js'
import type { AccountService } from '../../../service/account-service.js'
import type { TabService } from '../../../service/tab-service.js'
import type { OperationContext } from '../operation-context.js'
import type { Resolvers } from '../schema.js'

export interface TypeResolversDeps {
  readonly tabs: TabService
  readonly accounts: Pick<AccountService, 'count'>
}

/** How the objects of the services look as types of the schema. */
export function createTypeResolvers({ tabs, accounts }: TypeResolversDeps): Resolvers {
  return {
    Auth: {
      sessionId: (_state: unknown, _args: unknown, { tab }: OperationContext) =>
        tab.needsToken ? tabs.issue(tab) : null,
    },
    User: {
      email: showEmail,
      gender: ({ gender }: User) => gender.toUpperCase(),
      role: ({ role }: User) => role.toUpperCase(),
      state: ({ state }: User) => state.toUpperCase(),
      createdAt: ({ createdAt }: User) => toText(createdAt),
      sessions: listSessionsOf,
    },
    Session: {
      createdAt: ({ createdAt }: SessionView) => toText(createdAt),
      lastSeenAt: ({ lastSeenAt }: SessionView) => toText(lastSeenAt),
      expiresAt: ({ expiresAt }: SessionView) => toText(expiresAt),
    },
    SignIn: {
      tokenType: () => 'Bearer',
      expiresIn: ({ expiresInSeconds }: SignIn) => expiresInSeconds,
    },
    EndResult: { processes: ({ processes }: EndResult) => processes },
    UserConnection: { totalCount: () => accounts.count() },
  }
}

/** Not a failure for others: a page may show a list with the addresses that its viewer may see. */
function showEmail({ id, email }: User, _args: unknown, context: OperationContext): string | null {
  const { principal } = context.caller()
  const isOwn = principal?.userId === id || context.provedUserIds.has(id)
  return isOwn || principal?.role === 'admin' ? email : null
}

async function listSessionsOf(
  { id }: User,
  _args: unknown,
  context: OperationContext,
): Promise<readonly SessionView[]> {
  const list = await context.loaders.sessions.load(id)
  const currentId = context.caller().principal?.sessionId
  return list.map((view) => ({ ...view, current: view.id === currentId }))
}

/** RFC 3339 in UTC. */
function toText(atMs: number): string {
  return new Date(atMs).toISOString()
}
