import { createHash } from 'node:crypto'
import type { CustomFetch, ServerMetadata } from 'openid-client'
import type { Clock } from '../../domain/clock.js'
import type { ExternalProfile, IdentityProvider } from '../../domain/identity-provider.js'
import type { Logger } from '../../domain/logger.js'
import {
  authorizationUrlOf,
  configure,
  fetchFor,
  isPlainHttp,
  loadClient,
  redeemCode,
} from './authorization-code.js'
import { providerIdOf, textOf } from './external-text.js'
import { answerInvalid, misconfigured, withProvider } from './provider-error.js'
import type { ProviderLimits, ProviderSettings } from './provider-settings.js'

/** How long what a provider says of itself is believed without asking again. */
const METADATA_LIFETIME_MS = 600_000

/** Which hash `at_hash` is made with (OpenID Connect Core §3.1.3.6), by the algorithm of the ID token. */
const HASHES: Readonly<Record<string, string>> = {
  ...{ RS256: 'sha256', PS256: 'sha256', ES256: 'sha256' },
  ...{ RS384: 'sha384', PS384: 'sha384', ES384: 'sha384' },
  ...{ RS512: 'sha512', PS512: 'sha512', ES512: 'sha512', EdDSA: 'sha512', Ed25519: 'sha512' },
}

export interface OidcProviderDeps {
  readonly settings: ProviderSettings
  readonly limits: ProviderLimits
  readonly clock: Clock
  readonly logger: Logger
}

type Claims = Readonly<Record<string, unknown>>

/**
 * Any OpenID Connect issuer, found by its discovery document. The code flow with PKCE, nonce and the issuer in
 * the answer; the ID token is verified with its signature, though it came over TLS.
 */
export function createOidcProvider(deps: OidcProviderDeps): IdentityProvider {
  const { settings, limits } = deps
  const { name, label } = settings
  const metadata = createMetadataCache(deps)

  return {
    name,
    label,
    authorizationUrl: (request) =>
      withProvider({ name, logger: deps.logger }, async () => {
        const [client, fetch] = [await loadClient(), fetchFor(settings, limits)]
        const config = configure(client, settings, await metadata(fetch), fetch)
        return authorizationUrlOf(client, config, settings, request)
      }),
    profileOf: (answer) =>
      withProvider({ name, logger: deps.logger }, async () => {
        const [client, fetch] = [await loadClient(), fetchFor(settings, limits)]
        const config = configure(client, settings, await metadata(fetch), fetch)
        client.enableNonRepudiationChecks(config)
        const tokens = await redeemCode(client, config, settings, answer)
        const claims = tokens.claims()
        if (!claims || tokens.id_token === undefined) throw answerInvalid('no ID token')
        checkAccessTokenHash(tokens.id_token, claims['at_hash'], tokens.access_token)
        const hasUserInfo = config.serverMetadata().userinfo_endpoint !== undefined
        const info = hasUserInfo
          ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
          : {}
        return profileFrom(claims, info)
      }),
  }
}

/** The discovery document, asked for at most every ten minutes and by one caller at a time. */
function createMetadataCache({ settings, clock }: OidcProviderDeps) {
  let known: { readonly metadata: ServerMetadata; readonly until: number } | null = null
  let pending: Promise<ServerMetadata> | null = null

  async function discover(fetch: CustomFetch): Promise<ServerMetadata> {
    const client = await loadClient()
    const config = await client.discovery(
      new URL(settings.issuer),
      settings.clientId,
      undefined,
      client.None(),
      {
        [client.customFetch]: fetch,
        execute: isPlainHttp(settings) ? [client.allowInsecureRequests] : [],
      },
    )
    const metadata = config.serverMetadata()
    // The library compares loosely, and not at all for some hosts (RFC 8414 §3.3 asks for identical).
    if (metadata.issuer !== settings.issuer) {
      throw misconfigured('the discovery document names another issuer')
    }
    known = { metadata, until: clock.now() + METADATA_LIFETIME_MS }
    return metadata
  }

  return async (fetch: CustomFetch): Promise<ServerMetadata> => {
    if (known && clock.now() < known.until) return known.metadata
    pending ??= discover(fetch).finally(() => {
      pending = null
    })
    return pending
  }
}

/** An ID token that names an access token names ours. */
function checkAccessTokenHash(idToken: string, expected: unknown, accessToken: string): void {
  if (expected === undefined) return
  const header = Buffer.from(idToken.split('.')[0] ?? '', 'base64url').toString()
  const hash = HASHES[String((JSON.parse(header) as Claims)['alg'])]
  if (hash !== undefined) {
    const digest = createHash(hash).update(accessToken, 'ascii').digest()
    if (digest.subarray(0, digest.length / 2).toString('base64url') === expected) return
  }
  throw answerInvalid('unexpected ID Token "at_hash" claim value')
}

/** The user info goes before the ID token; an address and its proof come from the same of the two. */
function profileFrom(idToken: Claims, info: Claims): ExternalProfile {
  const claims = { ...idToken, ...info }
  const address = textOf(info['email']) === null ? idToken : info
  const email = textOf(address['email'])
  return {
    providerId: providerIdOf(idToken['sub']),
    email,
    // Only the boolean: providers have been seen that send the text "false".
    isEmailVerified: email !== null && address['email_verified'] === true,
    username: textOf(claims['preferred_username']) ?? textOf(claims['nickname']),
    displayName: textOf(claims['name']) ?? textOf(claims['given_name']),
    avatarUrl: textOf(claims['picture']),
  }
}
