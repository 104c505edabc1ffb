/** Where people prove who they are with an account that they have elsewhere. */

/** What a provider says of the person who signed in there. Texts are as they came: long, strange or hostile. */
export interface ExternalProfile {
  /** Never changes and is never given to another person; unique at this provider, 1 to 191 characters. */
  readonly providerId: string
  readonly email: string | null
  /** True only when the provider says that it has proved the address. */
  readonly isEmailVerified: boolean
  readonly username: string | null
  readonly displayName: string | null
  readonly avatarUrl: string | null
}

/** What binds the answer of a provider to the question that it answers. All made anew for each sign-in. */
export interface AuthorizationSecrets {
  /** Comes back with the browser (RFC 6749 §4.1.1). */
  readonly state: string
  /** Comes back in the ID token (OpenID Connect Core §3.1.2.1). */
  readonly nonce: string
  /** Never leaves for the browser; only its hash does (RFC 7636, S256). 43 to 128 characters. */
  readonly codeVerifier: string
}

export interface AuthorizationRequest extends AuthorizationSecrets {
  /** Where the provider sends the browser back to, without a query. */
  readonly redirectUri: string
}

export interface AuthorizationAnswer extends AuthorizationRequest {
  /** The query of the callback, as it came. */
  readonly query: string
}

/**
 * One provider. Both methods raise UNAVAILABLE (`provider_unavailable`) when it does not answer in time, with
 * too much, or says that it cannot.
 */
export interface IdentityProvider {
  /** The name in our addresses and in `oauth:<name>`. */
  readonly name: string
  /** The name for people. */
  readonly label: string
  /**
   * The address to send the browser to. Raises FAILED_PRECONDITION (`provider_misconfigured`) when the provider
   * is not the one that is configured.
   */
  authorizationUrl(request: AuthorizationRequest): Promise<string>
  /**
   * Trades the code of the callback for what the provider says of the person. Raises FAILED_PRECONDITION with
   * `provider_denied` when the person said no, `provider_refused` when the provider did; INVALID_ARGUMENT
   * (`provider_answer_invalid`) when a check of its answer fails: state, issuer (RFC 9207), signature,
   * audience, nonce, times, the subject of the user info.
   */
  profileOf(answer: AuthorizationAnswer): Promise<ExternalProfile>
}
