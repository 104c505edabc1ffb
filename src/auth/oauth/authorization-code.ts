import type * as openidClient from 'openid-client'
import type { Configuration, CustomFetch, ServerMetadata } from 'openid-client'
import type { AuthorizationAnswer, AuthorizationRequest } from '../../domain/identity-provider.js'
import { misconfigured } from './provider-error.js'
import { createProviderFetch } from './provider-fetch.js'
import type { ProviderLimits, ProviderSettings } from './provider-settings.js'

type Client = typeof openidClient
type Tokens = Awaited<ReturnType<Client['authorizationCodeGrant']>>

/** Loaded with the first sign-in: most starts do not need it. */
export function loadClient(): Promise<Client> {
  return import('openid-client')
}

/** The requests of one step of a sign-in with this provider. */
export function fetchFor(settings: ProviderSettings, limits: ProviderLimits): CustomFetch {
  return createProviderFetch({ ...limits, issuerHost: new URL(settings.issuer).hostname })
}

/**
 * The library's view of the provider, for one step: it keeps no keys from one step to the next, so a provider
 * may change them at any moment.
 */
export function configure(
  client: Client,
  settings: ProviderSettings,
  metadata: ServerMetadata,
  fetch: CustomFetch,
): Configuration {
  const config = new client.Configuration(
    metadata,
    settings.clientId,
    settings.clientSecret ?? undefined,
    clientAuthOf(client, settings, metadata),
  )
  config[client.customFetch] = fetch
  if (isPlainHttp(settings)) client.allowInsecureRequests(config)
  return config
}

/** A configured issuer over plain http; the configuration of prod refuses it. */
export function isPlainHttp({ issuer }: ProviderSettings): boolean {
  return issuer.startsWith('http://')
}

/** The address that sends the browser to the provider. */
export async function authorizationUrlOf(
  client: Client,
  config: Configuration,
  settings: ProviderSettings,
  request: AuthorizationRequest,
): Promise<string> {
  const endpoint = config.serverMetadata().authorization_endpoint ?? ''
  if (!/^https:\/\//.test(endpoint) && !(isPlainHttp(settings) && /^http:\/\//.test(endpoint))) {
    throw misconfigured('the authorization endpoint is not an https URL')
  }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: request.redirectUri,
    scope: settings.scopes.join(' '),
    state: request.state,
    code_challenge: await client.calculatePKCECodeChallenge(request.codeVerifier),
    code_challenge_method: 'S256',
    ...(settings.type === 'oidc' ? { nonce: request.nonce } : {}),
  })
  return url.href
}

/** Checks the answer that the browser brought, and trades its code for tokens. */
export function redeemCode(
  client: Client,
  config: Configuration,
  settings: ProviderSettings,
  answer: AuthorizationAnswer,
): Promise<Tokens> {
  return client.authorizationCodeGrant(config, new URL(`${answer.redirectUri}?${answer.query}`), {
    expectedState: answer.state,
    pkceCodeVerifier: answer.codeVerifier,
    ...(settings.type === 'oidc'
      ? { expectedNonce: answer.nonce, idTokenExpected: true }
      : { idTokenExpected: false }),
  })
}

function clientAuthOf(client: Client, settings: ProviderSettings, metadata: ServerMetadata) {
  const { clientSecret } = settings
  if (clientSecret === null) return client.None()
  // OpenID Connect Discovery §3: basic where the provider does not say.
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return methods.includes('client_secret_basic')
    ? client.ClientSecretBasic(clientSecret)
    : client.ClientSecretPost(clientSecret)
}
