import { type User, type UserSlice, USER_PAGE_MAX } from '../../../domain/user.js'
import { AppError } from '../../../errors/app-error.js'
import type { AccountService } from '../../../service/account-service.js'
import type { SessionService } from '../../../service/session-service.js'
import { readAuthState } from '../auth-state.js'
import { principalOf } from '../guard.js'
import type { OperationContext } from '../operation-context.js'
import type { Resolver } from '../schema.js'

const PAGE_SIZE = 20

export interface QueryResolversDeps {
  readonly accounts: Pick<AccountService, 'findById' | 'slice'>
  readonly sessions: Pick<SessionService, 'current' | 'list'>
}

export function createQueryResolvers({
  accounts,
  sessions,
}: QueryResolversDeps): Readonly<Record<string, Resolver>> {
  return {
    auth: (_root: unknown, _args: unknown, context: OperationContext) =>
      readAuthState(sessions, context),
    user: (_root: unknown, args: { id?: string | null }, context: OperationContext) =>
      findUser(accounts, sessions, args.id ?? null, context),
    users: (_root: unknown, args: PageArgs) => listUsers(accounts, args),
    sessions: (_root: unknown, _args: unknown, context: OperationContext) =>
      sessions.list(principalOf(context)),
  }
}

/** The caller's own account as `/me` shows it: from memory, where every process is told of changes. */
async function findUser(
  accounts: Pick<AccountService, 'findById'>,
  sessions: Pick<SessionService, 'current'>,
  id: string | null,
  context: OperationContext,
): Promise<User> {
  const principal = principalOf(context)
  if (id !== null && id !== principal.userId) return accounts.findById(id)
  return (await sessions.current(principal)).user
}

interface PageArgs {
  readonly first?: number | null
  readonly last?: number | null
  readonly after?: string | null
  readonly before?: string | null
}

async function listUsers(
  accounts: Pick<AccountService, 'slice'>,
  { first, last, after, before }: PageArgs,
): Promise<UserConnection> {
  if (typeof first === 'number' && typeof last === 'number') {
    throw invalidPage('first', 'Use first or last, not both.')
  }
  const isBackward = typeof last === 'number'
  const limit = last ?? first ?? PAGE_SIZE
  if (limit < 1 || limit > USER_PAGE_MAX) {
    throw invalidPage(isBackward ? 'last' : 'first', `A page has 1 to ${USER_PAGE_MAX} accounts.`)
  }
  const slice = await accounts.slice({
    limit,
    from: isBackward ? 'end' : 'start',
    ...(typeof after === 'string' && { after }),
    ...(typeof before === 'string' && { before }),
  })
  return toConnection(slice)
}

interface UserConnection {
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[]
  readonly pageInfo: Readonly<Record<string, unknown>>
}

function toConnection({ edges, hasNext, hasPrevious }: UserSlice): UserConnection {
  return {
    edges: edges.map(({ cursor, user }) => ({ cursor, node: user })),
    pageInfo: {
      hasNextPage: hasNext,
      hasPreviousPage: hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function invalidPage(path: string, message: string): AppError {
  return new AppError('INVALID_ARGUMENT', 'pagination_invalid', message, {
    details: [{ path, message }],
  })
}
