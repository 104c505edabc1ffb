import type { Principal } from '../domain/session.js'

/** Who makes a call, as far as it was proved and the method wanted to know. */
export type Caller =
  | { readonly kind: 'anybody' }
  /** A sibling service: by the name of its certificate, or `api-key`. */
  | { readonly kind: 'service'; readonly name: string }
  /** A user with a live session, and the access token that proved it. */
  | { readonly kind: 'user'; readonly principal: Principal; readonly accessToken: string }

export const ANYBODY: Caller = { kind: 'anybody' }
export const API_KEY_SERVICE: Caller = { kind: 'service', name: 'api-key' }

/** How the log names a caller; null for one that showed nothing. */
export function describeCaller(caller: Caller): string | null {
  switch (caller.kind) {
    case 'anybody':
      return null
    case 'service':
      return `service:${caller.name}`
    case 'user':
      return `user:${caller.principal.userId}`
  }
}
