import type { Clock } from '../../domain/clock.js'
import type { IdentityProvider } from '../../domain/identity-provider.js'
import type { Logger } from '../../domain/logger.js'
import { createGithubProvider } from './github-provider.js'
import { createOidcProvider } from './oidc-provider.js'
import type { ProviderLimits, ProviderSettings } from './provider-settings.js'

export interface IdentityProvidersDeps {
  readonly providers: readonly ProviderSettings[]
  readonly limits: ProviderLimits
  readonly clock: Clock
  readonly logger: Logger
}

/** The configured providers, in their order. None is asked anything before the first sign-in. */
export function createIdentityProviders(deps: IdentityProvidersDeps): readonly IdentityProvider[] {
  const { limits, clock, logger } = deps
  return deps.providers.map((settings) =>
    settings.type === 'github'
      ? createGithubProvider({ settings, limits, logger })
      : createOidcProvider({ settings, limits, clock, logger }),
  )
}
