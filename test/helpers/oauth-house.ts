import type {
  AuthorizationAnswer,
  ExternalProfile,
  IdentityProvider,
} from '../../src/domain/identity-provider.js'
import { AppError } from '../../src/errors/app-error.js'
import { createOauthService } from '../../src/service/oauth-service.js'
import { createMemoryIdentityRepository } from './memory-identity-repository.js'
import { createMemoryOneTimeStore, type OneTimeEntry } from './memory-one-time-store.js'
import { createMemoryTransactionRunner } from './memory-transaction-runner.js'
import { createSessionHouse, LAPTOP } from './session-house.js'

export const ORIGIN = 'https://app.test'
export const BROWSER = 'browser-1'

/** Somebody whom the fake providers know, without an address. */
export const OCTOCAT: ExternalProfile = {
  providerId: '583231',
  email: null,
  isEmailVerified: false,
  username: 'octocat',
  displayName: 'The Octocat',
  avatarUrl: 'https://example.com/octocat.png',
}

/** A provider that says what it is told to say, and notes what it is asked. */
export interface FakeProvider extends IdentityProvider {
  answer: ExternalProfile | AppError
  readonly answered: AuthorizationAnswer[]
}

function createFakeProvider(name: string, label: string): FakeProvider {
  const provider: FakeProvider = {
    name,
    label,
    answer: OCTOCAT,
    answered: [],
    async authorizationUrl({ state, redirectUri }) {
      return `https://${name}.test/authorize?${new URLSearchParams({ state, redirectUri }).toString()}`
    },
    async profileOf(answer) {
      provider.answered.push(answer)
      if (provider.answer instanceof AppError) throw provider.answer
      return provider.answer
    },
  }
  return provider
}

/** The OAuth service over fakes of every store, with two providers. */
export function createOauthHouse() {
  const house = createSessionHouse()
  const identities = createMemoryIdentityRepository(house.users)
  const transactions = createMemoryTransactionRunner()
  const flows = new Map<string, OneTimeEntry>()
  const github = createFakeProvider('github', 'GitHub')
  const sso = createFakeProvider('sso', 'Single Sign-On')
  const oauth = createOauthService({
    ...house.deps,
    sessions: house.sessions,
    identityProviders: [github, sso],
    oneTimeValues: createMemoryOneTimeStore(flows),
    identities,
    transactions,
  })

  /** Goes to a provider: the state that the browser comes back with. */
  async function leave(provider: string, returnTo: unknown = '/app', client = LAPTOP) {
    const start = { provider, origin: ORIGIN, browserId: BROWSER, returnTo, remember: true }
    return stateOf(await oauth.start(start, client))
  }
  function comeBack(provider: string, state: string, client = LAPTOP, browserId = BROWSER) {
    return oauth.finish({ provider, query: `code=c&state=${state}`, browserId }, client)
  }
  /** The whole way. */
  async function signIn(provider: FakeProvider, profile: ExternalProfile | AppError = OCTOCAT) {
    provider.answer = profile
    return comeBack(provider.name, await leave(provider.name))
  }
  return { ...house, identities, transactions, flows, github, sso, oauth, leave, comeBack, signIn }
}

/** The state in the address of a provider. */
export function stateOf(url: string): string {
  return new URL(url).searchParams.get('state') ?? ''
}
