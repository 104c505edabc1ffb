import { join } from 'node:path'
import { createClientLabeler } from '../auth/client-labeler.js'
import { createKeyRing, type KeyRing } from '../auth/key-ring.js'
import { createKeyStore } from '../auth/key-store.js'
import { createIdentityProviders } from '../auth/oauth/create-identity-providers.js'
import { createPasswordHasher } from '../auth/password-hasher.js'
import { loadOrCreateSecret } from '../auth/secret-file.js'
import { createSubscriptionTokens } from '../auth/subscription-tokens.js'
import { createTokenIssuer } from '../auth/token-issuer.js'
import { createTokenVault } from '../auth/token-vault.js'
import { createTokenVerifier } from '../auth/token-verifier.js'
import type { Config } from '../config/schema.js'
import type { ClientLabeler } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import type { IdentityProvider } from '../domain/identity-provider.js'
import type { Logger } from '../domain/logger.js'
import type { PasswordHasher } from '../domain/password.js'
import type { SubscriptionTokens } from '../domain/subscription-token.js'
import type { KeyAdmin, TokenIssuer, TokenVault, TokenVerifier } from '../domain/token.js'
import { providerSettingsOf } from './provider-settings.js'

/** How often a running process looks for a change of the key directory. */
const KEY_RELOAD_INTERVAL_MS = 1_000

export interface AuthDeps {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
}

/** Keys, tokens, passwords and client labels of one process. */
export interface Auth {
  readonly keys: KeyAdmin
  readonly keyRing: KeyRing
  readonly clientLabeler: ClientLabeler
  /** Labels the browsers that sign in with a provider. */
  readonly oauthLabeler: ClientLabeler
  readonly identityProviders: readonly IdentityProvider[]
  readonly tokenIssuer: TokenIssuer
  readonly tokenVerifier: TokenVerifier
  readonly subscriptionTokens: SubscriptionTokens
  readonly tokenVault: TokenVault
  readonly passwordHasher: PasswordHasher
}

/** Loads the signing keys, making the first one when there is none, and starts to watch them. */
export async function createAuth({ config, clock, logger }: AuthDeps): Promise<Auth> {
  const { auth, session } = config
  const keyDir = auth.keyDir === '' ? join(config.dataDir, 'keys') : auth.keyDir
  const keyStore = createKeyStore({ keyDir, clock, logger })
  await keyStore.ensureSigningKey(auth.algorithm)
  const keyRing = createKeyRing({
    ...{ keyStore, clock, logger },
    reloadIntervalMs: KEY_RELOAD_INTERVAL_MS,
  })
  await keyRing.start()
  const names = { issuer: auth.issuer, audience: auth.audience }
  const secret = await cookieSecretOf(config)
  return {
    keys: keyStore,
    keyRing,
    clientLabeler: createClientLabeler({ secret }),
    oauthLabeler: createClientLabeler({ secret, purpose: 'oauth' }),
    identityProviders: createIdentityProviders({
      ...{ clock, logger, limits: config.signIn },
      providers: providerSettingsOf(config),
    }),
    tokenIssuer: createTokenIssuer({ keyRing, ...names }),
    tokenVerifier: createTokenVerifier({
      ...{ keyRing, clock, ...names },
      accessLifetimeSecondsMax: auth.accessTokenSeconds,
      refreshLifetimeSecondsMax: session.absoluteSeconds,
      tabLifetimeSecondsMax: config.graphql.tabTokenSeconds,
      clockSkewSeconds: auth.clockSkewSeconds,
      cacheEntriesMax: auth.signatureCacheMax,
    }),
    subscriptionTokens: createSubscriptionTokens({
      ...{ keyRing, clock, ...names },
      lifetimeSecondsMax: config.realtime.subscriptionTokenSeconds,
      clockSkewSeconds: auth.clockSkewSeconds,
    }),
    tokenVault: createTokenVault(),
    passwordHasher: createPasswordHasher(config.password),
  }
}

/** The configured secret, else one made at the first start and kept in the data directory. */
async function cookieSecretOf(config: Config): Promise<Uint8Array> {
  const { cookieSecret } = config.auth
  if (cookieSecret !== '') return Buffer.from(cookieSecret, 'utf8')
  return loadOrCreateSecret({ file: join(config.dataDir, 'secrets', 'cookie.key') })
}
