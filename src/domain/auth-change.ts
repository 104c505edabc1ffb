/**
 * What the tabs of a browser and the devices of a user are told, over all processes. A message only says that
 * something changed and for whom; who hears it reads the new state from the stores.
 */
export type AuthChange =
  | {
      /** A session began on this client. */
      readonly type: 'signed_in'
      readonly clientId: string
      /** The one tab that it belongs to; null for every tab that goes with the cookies of the browser. */
      readonly tabId: string | null
      readonly userId: string
      readonly sessionId: string
    }
  /** The account itself: name, gender, avatar, role. */
  | { readonly type: 'profile_changed'; readonly userId: string }
  /** The list of the user's sessions, and nothing more is known of why. */
  | { readonly type: 'sessions_changed'; readonly userId: string }
