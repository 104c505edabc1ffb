import type { SignInReach } from '../../../domain/client.js'
import type { UserChanges } from '../../../domain/user.js'
import { AppError } from '../../../errors/app-error.js'
import type { AccountService, NewAccount } from '../../../service/account-service.js'
import type { CredentialService } from '../../../service/credential-service.js'
import type { SessionService, SignIn } from '../../../service/session-service.js'
import { chooseRefreshToken, isSessionOver } from '../../refresh-token.js'
import { principalOf } from '../guard.js'
import type { MutationHandler } from '../mutation-run.js'
import type { OperationContext } from '../operation-context.js'

export interface MutationHandlersDeps {
  readonly accounts: Pick<AccountService, 'planRegistration' | 'planProfileUpdate'>
  readonly sessions: Pick<SessionService, 'login' | 'refresh' | 'logout' | 'end' | 'endOthers'>
  readonly credentials: Pick<CredentialService, 'changePassword'>
}

/** What the mutations do, by name. The arguments have the types of the schema. */
export function createMutationHandlers(
  deps: MutationHandlersDeps,
): Readonly<Record<string, MutationHandler>> {
  const { accounts, sessions, credentials } = deps
  return {
    register: {
      plan: async (args, { client, provedUserIds }) => {
        const account = withoutNulls(args) as unknown as NewAccount
        const work = await accounts.planRegistration(account, client.address)
        return async (tx) => {
          const user = await work(tx)
          provedUserIds.add(user.id)
          return user
        }
      },
    },
    updateProfile: {
      plan: async (args, context) => {
        const { displayName, gender } = withoutNulls(args) as Record<string, string | undefined>
        return accounts.planProfileUpdate(principalOf(context).userId, {
          ...(displayName !== undefined && { displayName }),
          ...(gender !== undefined && { gender: toGender(gender) }),
        })
      },
    },
    login: { act: (args, context) => login(sessions, args as unknown as LoginArgs, context) },
    refresh: { act: (args, context) => refresh(sessions, args, context) },
    logout: {
      act: async (_args, context) => {
        const result = await sessions.logout(principalOf(context))
        context.cookies?.clear()
        return result
      },
    },
    endSession: {
      act: (args, context) => sessions.end(principalOf(context), String(args['id'])),
    },
    endOtherSessions: { act: (_args, context) => sessions.endOthers(principalOf(context)) },
    changePassword: {
      act: (args, context) => {
        const { currentPassword, newPassword } = args as Record<string, string>
        const passwords = {
          currentPassword: currentPassword ?? '',
          newPassword: newPassword ?? '',
        }
        return credentials.changePassword(principalOf(context), passwords, context.client.address)
      },
    },
  }
}

interface LoginArgs {
  readonly username: string
  readonly password: string
  readonly remember: boolean | null
  readonly useCookies: boolean | null
}

async function login(
  sessions: Pick<SessionService, 'login'>,
  { username, password, remember, useCookies }: LoginArgs,
  { client, tab, cookies, provedUserIds }: OperationContext,
): Promise<SignIn> {
  if (useCookies === true && cookies === null) {
    const message = 'A WebSocket sets no cookies; sign in by an HTTP request.'
    throw new AppError('FAILED_PRECONDITION', 'cookies_unavailable', message)
  }
  const reach: SignInReach =
    useCookies === true ? { kind: 'browser' } : { kind: 'tab', tabId: tab.id }
  const signIn = await sessions.login(
    { login: username, password, remember: remember === true },
    { ...client, clientId: tab.clientId, reach },
  )
  if (useCookies === true) cookies?.set(signIn)
  provedUserIds.add(signIn.user.id)
  return signIn
}

async function refresh(
  sessions: Pick<SessionService, 'refresh'>,
  args: Readonly<Record<string, unknown>>,
  { client, tab, cookies, provedUserIds, ...context }: OperationContext,
): Promise<SignIn> {
  const given = typeof args['refreshToken'] === 'string' ? args['refreshToken'] : undefined
  const { token, fromCookie } = chooseRefreshToken(given, cookies?.refreshToken ?? null)
  try {
    const signIn = await sessions.refresh(token, { ...client, clientId: tab.clientId })
    if (fromCookie) cookies?.set(signIn)
    await context.renewed(signIn.accessToken)
    provedUserIds.add(signIn.user.id)
    return signIn
  } catch (thrown) {
    if (fromCookie && isSessionOver(thrown)) cookies?.clear()
    throw thrown
  }
}

/** In GraphQL, null and left out are the same for an argument without a default. */
function withoutNulls(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null))
}

function toGender(name: string): NonNullable<UserChanges['gender']> {
  return name.toLowerCase() as NonNullable<UserChanges['gender']>
}
