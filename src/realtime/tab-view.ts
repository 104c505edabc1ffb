import type { AuthChange } from '../domain/auth-change.js'
import type { EndedSession, Principal, SessionEndReason } from '../domain/session.js'
import type { AuthObservers } from './auth-observers.js'
import type { SessionHandles } from './session-handles.js'

/** What changed for a tab: who is signed in there, their account, the list of their sessions, or that it ended. */
export type TabChange = 'identity' | 'profile' | 'sessions' | 'ended'

/** The session that a tab sees itself in. */
export interface SeenSession {
  readonly sessionId: string
  readonly userId: string
}

/**
 * One open tab as an observer of its browser: which session it is in, by its own token or by what the browser
 * was told. What it was only told opens nothing: `principal` is null then.
 */
export interface TabView {
  readonly clientId: string
  /** Null when the tab has shown no token. */
  readonly tabId: string | null
  /** Who may act on this line: proved by a token that was shown on it, and not replaced or ended since. */
  principal(): Principal | null
  /** The session that the tab is in; null when signed out. */
  seen(): SeenSession | null
  /** Why it ended; null while it lives, or when there never was one. */
  endReason(): SessionEndReason | null
  /** True once the session has ended: there is nothing more to see on this line. */
  isOver(): boolean
  /** Puts a fresh token of the same session in place of the first. False when it is of another session. */
  renew(principal: Principal): boolean
  /** Hears of changes, synchronously. The returned function takes the listener away. */
  onChange(listener: (change: TabChange) => void): () => void
  /** Forgets everything; safe to call twice. */
  close(): void
}

export interface TabViewDeps {
  readonly observers: AuthObservers
  readonly handles: SessionHandles
}

export interface TabIdentity {
  readonly clientId: string
  readonly tabId: string | null
  readonly principal: Principal | null
  /** Whether it goes with the cookies of its browser, and so with who signs in there next. */
  readonly followsBrowser: boolean
}

/** Opens a view. The caller closes it with the line that it belongs to. */
export function openTabView(deps: TabViewDeps, identity: TabIdentity): TabView {
  return new ObservedTab(deps, identity)
}

class ObservedTab implements TabView {
  readonly clientId: string
  readonly tabId: string | null
  readonly #deps: TabViewDeps
  readonly #listeners = new Set<(change: TabChange) => void>()
  readonly #unwatchClient: () => void
  #followsBrowser: boolean
  #principal: Principal | null = null
  #seen: SeenSession | null = null
  #reason: SessionEndReason | null = null
  #leave: () => void = () => {}

  constructor(deps: TabViewDeps, identity: TabIdentity) {
    this.#deps = deps
    this.clientId = identity.clientId
    this.tabId = identity.tabId
    this.#followsBrowser = identity.followsBrowser
    this.#unwatchClient = deps.observers.watchClient(this.clientId, (change) =>
      this.#onSignIn(change),
    )
    if (identity.principal) {
      this.#principal = identity.principal
      this.#enter(identity.principal)
    }
  }

  principal(): Principal | null {
    return this.#principal
  }

  seen(): SeenSession | null {
    return this.#seen
  }

  endReason(): SessionEndReason | null {
    return this.#reason
  }

  isOver(): boolean {
    return this.#reason !== null
  }

  renew(principal: Principal): boolean {
    if (this.isOver() || principal.sessionId !== this.#seen?.sessionId) return false
    const isNew = this.#principal === null
    this.#principal = principal
    if (isNew) this.#tell('identity')
    return true
  }

  onChange(listener: (change: TabChange) => void): () => void {
    const entry = (change: TabChange): void => listener(change)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  close(): void {
    this.#unwatchClient()
    this.#leave()
    this.#leave = () => {}
    this.#listeners.clear()
  }

  /** Takes part in a session: ends with it, and hears of what changes for its user. */
  #enter({ sessionId, userId }: SeenSession): void {
    this.#leave()
    this.#seen = { sessionId, userId }
    const detach = this.#deps.handles.attach(sessionId, { end: (ended) => this.#onEnd(ended) })
    const unwatch = this.#deps.observers.watchUser(userId, (change) => this.#onUserChange(change))
    this.#leave = () => {
      detach()
      unwatch()
    }
  }

  #onSignIn(change: AuthChange): void {
    if (change.type !== 'signed_in' || this.isOver()) return
    const isOwn = change.tabId !== null && change.tabId === this.tabId
    const isOfBrowser = change.tabId === null && this.#followsBrowser
    if (!isOwn && !isOfBrowser) return
    if (isOwn) this.#followsBrowser = false
    if (change.sessionId === this.#seen?.sessionId) return
    // Another session from here on. What a token was shown for belongs to the one before.
    this.#principal = null
    this.#enter(change)
    this.#tell('identity')
  }

  #onUserChange({ type }: AuthChange): void {
    if (this.isOver()) return
    this.#tell(type === 'profile_changed' ? 'profile' : 'sessions')
  }

  #onEnd({ reason }: EndedSession): void {
    this.#leave()
    this.#leave = () => {}
    this.#principal = null
    this.#reason = reason
    this.#tell('ended')
  }

  #tell(change: TabChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}
