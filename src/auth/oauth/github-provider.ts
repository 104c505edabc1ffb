import type { Configuration } from 'openid-client'
import type { ExternalProfile, IdentityProvider } from '../../domain/identity-provider.js'
import type { Logger } from '../../domain/logger.js'
import {
  authorizationUrlOf,
  configure,
  fetchFor,
  loadClient,
  redeemCode,
} from './authorization-code.js'
import { providerIdOf, textOf } from './external-text.js'
import { answerInvalid, withProvider } from './provider-error.js'
import type { ProviderLimits, ProviderSettings } from './provider-settings.js'

const PUBLIC_SERVER = 'https://github.com'
const PUBLIC_API = 'https://api.github.com'
const API_HEADERS = {
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
}

export interface GithubProviderDeps {
  readonly settings: ProviderSettings
  readonly limits: ProviderLimits
  readonly logger: Logger
}

type Json = Readonly<Record<string, unknown>>

/**
 * GitHub, which speaks OAuth 2 and not OpenID Connect: who the person is says its API
 * (https://docs.github.com/en/rest/users). Also a GitHub Enterprise Server, by its own address.
 */
export function createGithubProvider(deps: GithubProviderDeps): IdentityProvider {
  const { settings, limits, logger } = deps
  const { name, label, issuer } = settings
  const api = issuer === PUBLIC_SERVER ? PUBLIC_API : `${issuer}/api/v3`
  const metadata = {
    issuer: `${issuer}/login/oauth`,
    authorization_endpoint: `${issuer}/login/oauth/authorize`,
    token_endpoint: `${issuer}/login/oauth/access_token`,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  }

  return {
    name,
    label,
    authorizationUrl: (request) =>
      withProvider({ name, logger }, async () => {
        const client = await loadClient()
        const config = configure(client, settings, metadata, fetchFor(settings, limits))
        return authorizationUrlOf(client, config, settings, request)
      }),
    profileOf: (answer) =>
      withProvider({ name, logger }, async () => {
        const client = await loadClient()
        const config = configure(client, settings, metadata, fetchFor(settings, limits))
        const tokens = await redeemCode(client, config, settings, answer)
        const read = (path: string) => readApi(config, tokens.access_token, `${api}${path}`)
        const [user, emails] = await Promise.all([read('/user'), read('/user/emails')])
        return profileFrom(user, emails)
      }),
  }
}

async function readApi(config: Configuration, token: string, url: string): Promise<unknown> {
  const client = await loadClient()
  const headers = new Headers(API_HEADERS)
  const response = await client.fetchProtectedResource(
    ...([config, token, new URL(url), 'GET', null, headers] as const),
  )
  if (response.status !== 200) throw answerInvalid(`the API answered ${response.status}`)
  try {
    return await response.json()
  } catch {
    throw answerInvalid('the API answered with something that is not JSON')
  }
}

function profileFrom(user: unknown, emails: unknown): ExternalProfile {
  if (!isJson(user) || !Number.isSafeInteger(user['id'])) throw answerInvalid('no user')
  const primary = primaryEmail(emails)
  const email = primary && textOf(primary['email'])
  return {
    providerId: providerIdOf(String(user['id'])),
    email,
    isEmailVerified: email !== null && primary?.['verified'] === true,
    username: textOf(user['login']),
    displayName: textOf(user['name']) ?? textOf(user['login']),
    avatarUrl: textOf(user['avatar_url']),
  }
}

/** The public address in the profile is whatever the person typed; only this list says what is proved. */
function primaryEmail(emails: unknown): Json | null {
  if (!Array.isArray(emails)) throw answerInvalid('no list of addresses')
  return emails.filter(isJson).find((entry) => entry['primary'] === true) ?? null
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
