import type { ProviderSettings } from '../auth/oauth/provider-settings.js'
import { providerType, type ProviderType } from '../config/provider-type.js'
import type { Config } from '../config/schema.js'

interface ProviderDefaults {
  readonly label: string
  readonly issuer: string
  readonly scopes: readonly string[]
}

const OPENID_SCOPES = ['openid', 'profile', 'email']

const DEFAULTS: Readonly<Record<Exclude<ProviderType, 'oidc'>, ProviderDefaults>> = {
  google: { label: 'Google', issuer: 'https://accounts.google.com', scopes: OPENID_SCOPES },
  github: {
    label: 'GitHub',
    issuer: 'https://github.com',
    scopes: ['read:user', 'user:email'],
  },
}

/** The configured providers with what their type brings along, in the order of the configuration. */
export function providerSettingsOf({ signIn }: Config): readonly ProviderSettings[] {
  return Object.entries(signIn.providers).map(([name, entry]) => {
    const type = providerType(name, entry.type)
    const defaults =
      type === 'oidc'
        ? // The configuration has checked that an issuer is given.
          { label: name, issuer: entry.issuer ?? '', scopes: OPENID_SCOPES }
        : DEFAULTS[type]
    return {
      name,
      label: entry.label ?? defaults.label,
      type: type === 'github' ? 'github' : 'oidc',
      issuer: entry.issuer ?? defaults.issuer,
      clientId: entry.clientId,
      clientSecret: entry.clientSecret ?? null,
      scopes: entry.scopes ?? defaults.scopes,
    }
  })
}
