import { AppError, toAppError } from '../errors/app-error.js'
import type { AuditLog } from '../domain/audit.js'
import type { ClientContext } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import type { Identity, IdentityRepository } from '../domain/identity.js'
import type { IdentityProvider } from '../domain/identity-provider.js'
import type { Logger } from '../domain/logger.js'
import type { OneTimeStore } from '../domain/one-time-store.js'
import { type Principal, sessionOver, type SessionStore } from '../domain/session.js'
import type { TokenVault } from '../domain/token.js'
import type { TransactionRunner } from '../domain/transaction.js'
import { userNotFound, type UserRepository } from '../domain/user.js'
import { createAuditTrail } from './audit-trail.js'
import {
  linkExternalAccount,
  unlinkExternalAccount,
  userOfExternalAccount,
} from './external-account.js'
import { createOauthFlows, type OauthFlow } from './oauth-flow.js'
import { localReturnPath } from './return-path.js'
import type { SessionService, SignIn } from './session-service.js'

/** A way to sign in, as the sign-in page offers it. */
export interface OfferedProvider {
  readonly name: string
  readonly label: string
}

/** What the browser wants when it leaves for a provider. */
export interface OauthStart {
  readonly provider: string
  /** Where the browser reaches us, `https://app.example.com`. */
  readonly origin: string
  /** The secret of this browser, which comes back in its cookie. */
  readonly browserId: string
  /** Where to go afterwards: a path of this site; anything else counts as `/`. */
  readonly returnTo: unknown
}

/** What the browser brought back. */
export interface OauthCallback {
  readonly provider: string
  /** The query as it came. */
  readonly query: string
  /** The secret of the cookie; null when there is none, or none of ours. */
  readonly browserId: string | null
}

/** How a flow ended. `signIn` is null when an account was linked, or when it failed. */
export interface OauthOutcome {
  readonly returnTo: string
  readonly signIn: SignIn | null
  /** The errors of the provider, `user_frozen`, `session_limit`, `identity_taken`, `provider_linked`, … */
  readonly failure: AppError | null
}

export interface LinkedIdentity {
  readonly provider: string
  /** The label of the provider; its name when it is not configured any more. */
  readonly label: string
  /** Milliseconds since the epoch. */
  readonly linkedAt: number
}

/** Sign-in with an account elsewhere, and which accounts elsewhere open an account here. */
export interface OauthService {
  providers(): readonly OfferedProvider[]
  /**
   * The address of the provider for a sign-in. Raises NOT_FOUND (`provider_not_found`), and what the provider
   * raises (`provider_unavailable`, `provider_misconfigured`).
   */
  start(start: OauthStart & { remember: boolean }, client: ClientContext): Promise<string>
  /** The address of the provider to link an account of it to the caller's. Raises as `start` does. */
  startLink(start: OauthStart, principal: Principal, client: ClientContext): Promise<string>
  /**
   * The end of either: signs in (and creates the user on first sight) or links. Raises NOT_FOUND
   * (`provider_not_found`) and INVALID_ARGUMENT (`oauth_state_invalid`) when this browser began no such flow;
   * whatever goes wrong after that is the `failure` of the outcome.
   */
  finish(callback: OauthCallback, client: ClientContext): Promise<OauthOutcome>
  /** The accounts elsewhere that open the caller's, oldest first, and whether a password does too. */
  identities(
    principal: Principal,
  ): Promise<{ identities: readonly LinkedIdentity[]; hasPassword: boolean }>
  /**
   * Unlinks the caller's account of a provider; sessions that it has started go on. Raises NOT_FOUND
   * (`identity_not_found`), FAILED_PRECONDITION (`last_sign_in_method`).
   */
  unlink(principal: Principal, provider: string): Promise<void>
}

export interface OauthServiceDeps {
  readonly identityProviders: readonly IdentityProvider[]
  readonly identities: IdentityRepository
  readonly users: UserRepository
  readonly transactions: TransactionRunner
  readonly sessionStore: SessionStore
  readonly oneTimeValues: OneTimeStore
  readonly tokenVault: TokenVault
  readonly auditLog: AuditLog
  readonly clock: Clock
  readonly logger: Logger
  readonly sessions: Pick<SessionService, 'start'>
}

export function createOauthService(deps: OauthServiceDeps): OauthService {
  const { identities } = deps
  const byName = new Map(deps.identityProviders.map((provider) => [provider.name, provider]))
  const flows = createOauthFlows(deps)

  function find(name: string): IdentityProvider {
    const provider = byName.get(name)
    if (provider) return provider
    const message = 'There is no such sign-in provider.'
    throw new AppError('NOT_FOUND', 'provider_not_found', message)
  }

  async function begin(
    { provider: name, origin, browserId, returnTo }: OauthStart,
    { clientId }: ClientContext,
    goal: Pick<OauthFlow, 'remember' | 'link'>,
  ): Promise<string> {
    const provider = find(name)
    const redirectUri = `${origin}/auth/callback/${name}`
    const begun = { provider: name, clientId, redirectUri, returnTo: localReturnPath(returnTo) }
    return provider.authorizationUrl(await flows.open({ ...begun, ...goal }, browserId))
  }

  return {
    providers: () => deps.identityProviders.map(({ name, label }) => ({ name, label })),
    start: ({ remember, ...start }, client) => begin(start, client, { remember, link: null }),
    startLink: (start, { userId, sessionId }, client) =>
      begin(start, client, { remember: false, link: { userId, sessionId } }),
    async finish({ provider: name, query, browserId }, client) {
      const provider = find(name)
      const from = { provider: name, clientId: client.clientId, browserId }
      const flow = await flows.take(singleState(query), from)
      try {
        const signIn = await complete(deps, provider, { ...flow, query }, client)
        return { returnTo: flow.returnTo, signIn, failure: null }
      } catch (thrown) {
        const failure = toAppError(thrown)
        await recordFailure(deps, flow, failure, client)
        return { returnTo: flow.returnTo, signIn: null, failure }
      }
    },
    async identities({ userId }) {
      const ways = await identities.waysOf(userId)
      if (!ways) throw userNotFound()
      const { hasPassword } = ways
      return { identities: ways.identities.map((one) => toLinked(one, byName)), hasPassword }
    },
    unlink: ({ userId }, provider) => unlinkExternalAccount(deps, userId, provider, null),
  }
}

/** What a flow was begun for. */
async function complete(
  deps: OauthServiceDeps,
  provider: IdentityProvider,
  flow: OauthFlow & { readonly query: string },
  client: ClientContext,
): Promise<SignIn | null> {
  const profile = await provider.profileOf(flow)
  const external = { provider: provider.name, profile, address: client.address }
  if (flow.link === null) {
    const user = await userOfExternalAccount(deps, external)
    const method = `oauth:${provider.name}` as const
    return deps.sessions.start(user, { method, remember: flow.remember }, client)
  }
  // Who left for the provider may have been signed out meanwhile.
  const check = await deps.sessionStore.check(flow.link.sessionId, deps.clock.now())
  if (!check.alive) throw sessionOver(check.reason)
  await linkExternalAccount(deps, flow.link.userId, external)
  return null
}

async function recordFailure(
  deps: OauthServiceDeps,
  { provider, link }: OauthFlow,
  { reason }: AppError,
  { clientId, address }: ClientContext,
): Promise<void> {
  const userId = link?.userId ?? null
  await createAuditTrail(deps).record({
    ...{
      type: 'login.failed',
      actorId: userId,
      userId,
      sessionId: link?.sessionId ?? null,
      address,
    },
    data: { clientId, method: `oauth:${provider}`, reason },
  })
}

/** The state of a callback; null when there is none, or more than one to choose from. */
function singleState(query: string): string | null {
  const states = new URLSearchParams(query).getAll('state')
  return states.length === 1 ? (states[0] ?? null) : null
}

function toLinked(
  { provider, createdAt }: Identity,
  byName: ReadonlyMap<string, IdentityProvider>,
): LinkedIdentity {
  return { provider, label: byName.get(provider)?.label ?? provider, linkedAt: createdAt }
}
