/** What a verified subscription token says (`typ: st+jwt`): whoever it was made for may be on that channel. */
export interface SubscriptionClaims {
  readonly userId: string
  /** The only session that it is good for; null: any of the user. */
  readonly sessionId: string | null
  readonly channel: string
  /** JSON text about the user that others on the channel see; null for none. */
  readonly info: string | null
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface SubscriptionTokens {
  /** A token signed by the key that signs now, good until `expiresAt`. */
  issue(claims: SubscriptionClaims): Promise<string>
  /** Raises UNAUTHENTICATED with the reasons of `TokenVerifier`. */
  verify(token: string): Promise<SubscriptionClaims>
}
