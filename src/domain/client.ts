/**
 * The label of one browser or device: what the cookie `_cid` carries. A label, never a credential.
 */
export interface ClientLabeler {
  /** A fresh client id (128 random bits) and the cookie value that carries it with its MAC. */
  issue(): { clientId: string; cookieValue: string }
  /** The client id of a cookie value; null when absent, malformed or forged. */
  read(cookieValue: string | undefined): string | null
}

/** Who is at the other end of a request, as far as the network shows it. */
export interface ClientContext {
  readonly clientId: string
  /** As sent, cut to 256 characters and freed of control characters. */
  readonly userAgent: string
  /** The peer's IP address after the trusted proxies. */
  readonly address: string
  /** Which tabs a sign-in made here belongs to; absent when no tab is known. */
  readonly reach?: SignInReach
}

/**
 * Which tabs of the browser take a sign-in as theirs: with cookies every tab that has no token of its own, with
 * tokens in the answer only the tab that asked.
 */
export type SignInReach =
  { readonly kind: 'browser' } | { readonly kind: 'tab'; readonly tabId: string }
