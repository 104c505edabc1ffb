export const PROVIDER_TYPES = ['oidc', 'google', 'github'] as const
export type ProviderType = (typeof PROVIDER_TYPES)[number]

/** The type of a provider: the one that is given, else that of its name, else any OpenID Connect issuer. */
export function providerType(name: string, type: unknown): ProviderType {
  const given = type ?? name
  return PROVIDER_TYPES.find((known) => known === given) ?? 'oidc'
}
