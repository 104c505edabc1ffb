/** One provider as it is configured. */
export interface ProviderSettings {
  readonly name: string
  readonly label: string
  readonly type: 'oidc' | 'github'
  /** The issuer as the provider spells it; for GitHub, the address of the server. */
  readonly issuer: string
  readonly clientId: string
  /** Null for a public client, which has only its PKCE verifier. */
  readonly clientSecret: string | null
  readonly scopes: readonly string[]
}

/** How far a provider is trusted to answer. */
export interface ProviderLimits {
  /** For all answers to one step of a sign-in. */
  readonly requestTimeoutMs: number
  readonly answerBytesMax: number
}
