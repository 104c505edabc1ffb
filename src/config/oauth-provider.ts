export const OAUTH_PROVIDER_TYPES = ['oidc', 'google', 'github'] as const
export type OauthProviderType = (typeof OAUTH_PROVIDER_TYPES)[number]

/** The type of a provider: the one that is given, else that of its name, else any OpenID Connect issuer. */
export function oauthProviderType(name: string, type: unknown): OauthProviderType {
  const given = type ?? name
  return OAUTH_PROVIDER_TYPES.find((known) => known === given) ?? 'oidc'
}
