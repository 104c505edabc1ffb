import type { ClientContext } from '../../../domain/client.js'
import type { Clock } from '../../../domain/clock.js'
import type { Logger } from '../../../domain/logger.js'
import { type Principal, sessionOver } from '../../../domain/session.js'
import { AppError, toAppError, unauthenticated } from '../../../errors/app-error.js'
import { closeCodeOf, ERROR_TABLE } from '../../../errors/code.js'
import type { AuthObservers } from '../../../realtime/auth-observers.js'
import type { SessionHandles } from '../../../realtime/session-handles.js'
import { openTabView, type TabView } from '../../../realtime/tab-view.js'
import type { AuthenticationService } from '../../../service/authentication-service.js'
import type { SessionService } from '../../../service/session-service.js'
import type { Tab, TabService } from '../../../service/tab-service.js'
import { createLoaders } from '../loader.js'
import type { Caller, OperationContext } from '../operation-context.js'
import { readInitPayload } from './init-payload.js'
import type { SocketLine } from './socket-line.js'

/** How long the last states may take to leave after the end of a session. */
const FAREWELL_MS = 1_000

export interface TabLineDeps {
  readonly authentication: AuthenticationService
  readonly sessions: Pick<SessionService, 'listForUsers'>
  readonly tabs: TabService
  readonly authObservers: AuthObservers
  readonly sessionHandles: SessionHandles
  readonly clock: Clock
  readonly logger: Logger
  /** How long a line outlives the newest access token that was shown on it, in milliseconds. */
  readonly tokenGraceMs: number
  /** Subscriptions and queries under way at one time. */
  readonly operationsMax: number
}

/** What the upgrade request showed. */
export interface LineOrigin {
  readonly requestId: string
  /** Its `clientId` is the genuine label of the browser, or null when there was none. */
  readonly client: Omit<ClientContext, 'clientId'> & { readonly clientId: string | null }
  /** The access cookie. */
  readonly accessCookie: string | null
}

/**
 * One WebSocket as an open tab: who is behind it, what it may ask, and its end with its session. The protocols on
 * top only translate messages.
 */
export interface TabLine {
  /**
   * Takes the payload of `connection_init`. Raises UNAUTHENTICATED for a token that opens nothing and without a
   * browser label (`client_missing`), PERMISSION_DENIED (`tab_foreign`), INVALID_ARGUMENT (`init_malformed`).
   */
  initialise(payload: unknown): Promise<void>
  /** Whether `initialise` has succeeded. */
  isInitialised(): boolean
  /** What one more operation sees. Raises RESOURCE_EXHAUSTED (`too_many_operations`). `finish` ends it, once. */
  begin(): Promise<{ context: OperationContext; finish: () => void }>
  /** A fresh access token was shown. One of another session raises PERMISSION_DENIED (`session_foreign`). */
  renew(accessToken: string): Promise<void>
  /** Closes the line with the code of a failure. */
  fail(thrown: unknown): void
  tick(): void
  /** The line is gone. Safe to call twice. */
  release(): void
}

export function createTabLine(deps: TabLineDeps, line: SocketLine, origin: LineOrigin): TabLine {
  return new OpenTab(deps, line, origin)
}

class OpenTab implements TabLine {
  readonly #deps: TabLineDeps
  readonly #line: SocketLine
  readonly #origin: LineOrigin
  #tab: Tab | null = null
  #view: TabView | null = null
  #accessToken: string | null = null
  /** Why the cookie that came along opens nothing. */
  #cookieFailure: AppError | null = null
  #underWay = 0
  #operations = 0
  #farewellEndsAtMs = Infinity

  constructor(deps: TabLineDeps, line: SocketLine, origin: LineOrigin) {
    this.#deps = deps
    this.#line = line
    this.#origin = origin
  }

  async initialise(payload: unknown): Promise<void> {
    const { tabToken, accessToken } = readInitPayload(payload)
    // A page cannot keep its cookies from a WebSocket, so a token that it shows itself goes before them.
    const token = accessToken ?? this.#origin.accessCookie
    const principal = await this.#authenticate(token, accessToken === null)
    const clientIds = [principal?.clientId, this.#origin.client.clientId].filter(
      (id) => typeof id === 'string',
    )
    const [first, ...others] = clientIds
    if (first === undefined) {
      const message = 'Load a page first: this browser has no label yet.'
      throw unauthenticated('client_missing', message)
    }
    const tab = await this.#deps.tabs.resolve(tabToken, [first, ...others])
    if (!this.#line.isOpen()) return
    const view = openTabView(
      { observers: this.#deps.authObservers, handles: this.#deps.sessionHandles },
      {
        clientId: tab.clientId,
        tabId: tab.id,
        principal,
        followsBrowser: accessToken === null,
      },
    )
    this.#view = view
    view.onChange((change) => {
      if (change === 'ended') this.#sayFarewell()
    })
    this.#accessToken = principal && token
    // The session may have ended after the check and before the view was there to hear of it.
    if (principal && token !== null) await this.#deps.authentication.authenticate(token)
    this.#tab = tab
  }

  isInitialised(): boolean {
    return this.#tab !== null
  }

  async begin(): Promise<{ context: OperationContext; finish: () => void }> {
    const [tab, view] = [this.#tab, this.#view]
    if (!tab || !view) throw unauthenticated('init_missing', 'Send connection_init first.')
    if (this.#underWay >= this.#deps.operationsMax) {
      const message = 'Too many operations are under way on this line.'
      throw new AppError('RESOURCE_EXHAUSTED', 'too_many_operations', message)
    }
    this.#underWay += 1
    this.#operations += 1
    let isUnderWay = true
    const finish = (): void => {
      if (!isUnderWay) return
      isUnderWay = false
      this.#underWay -= 1
      if (view.isOver()) this.#closeWhenServed()
    }
    try {
      const failure = await this.#recheck(view)
      return { context: this.#createContext(tab, view, failure), finish }
    } catch (error) {
      finish()
      throw error
    }
  }

  async renew(accessToken: string): Promise<void> {
    const principal = await this.#deps.authentication.authenticate(accessToken)
    const known = this.#view?.principal()
    // An older token of the same session must not shorten what a newer one has proved.
    if (known && known.tokenExpiresAt > principal.tokenExpiresAt) return
    if (this.#view?.renew(principal) === true) {
      this.#accessToken = accessToken
      return
    }
    const message = 'The token belongs to another session; open a new line for it.'
    throw new AppError('PERMISSION_DENIED', 'session_foreign', message)
  }

  fail(thrown: unknown): void {
    const error = toAppError(thrown)
    const { logLevel } = ERROR_TABLE[error.code]
    const fields = { connectionId: this.#line.id, code: error.code, reason: error.reason }
    const cause = error.cause === undefined ? {} : { err: error.cause }
    this.#deps.logger[logLevel]({ ...fields, ...cause }, 'graphql line failed')
    this.#line.close(closeCodeOf(error), error.reason)
  }

  tick(): void {
    if (performance.now() >= this.#farewellEndsAtMs) this.#closeOver()
    const principal = this.#view?.principal()
    if (!principal) return
    if (this.#deps.clock.now() < principal.tokenExpiresAt + this.#deps.tokenGraceMs) return
    this.fail(unauthenticated('token_expired', 'The access token has expired.'))
  }

  release(): void {
    this.#view?.close()
    this.#view = null
    this.#tab = null
    this.#accessToken = null
  }

  async #authenticate(token: string | null, isCookie: boolean): Promise<Principal | null> {
    if (token === null) return null
    try {
      return await this.#deps.authentication.authenticate(token)
    } catch (thrown) {
      const error = toAppError(thrown)
      // A browser sends its cookies whether or not they still open anything.
      if (!isCookie || error.code !== 'UNAUTHENTICATED') throw error
      this.#cookieFailure = error
      return null
    }
  }

  /** Whether the token still opens something, asked anew for each operation. Why not, or null. */
  async #recheck(view: TabView): Promise<AppError | null> {
    if (!view.principal() || this.#accessToken === null) return null
    try {
      await this.#deps.authentication.authenticate(this.#accessToken)
      return null
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code !== 'UNAUTHENTICATED') throw error
      return error
    }
  }

  #createContext(tab: Tab, view: TabView, failure: AppError | null): OperationContext {
    const { requestId, client } = this.#origin
    return {
      requestId: `${requestId}-${this.#operations}`,
      client: { ...client, clientId: tab.clientId },
      tab,
      caller: () => this.#callerOf(view, failure),
      cookies: null,
      view,
      renewed: async (accessToken) => {
        // The refresh may have been for another session than that of this line.
        await this.renew(accessToken).catch(() => undefined)
      },
      report: null,
      provedUserIds: new Set(),
      loaders: createLoaders(this.#deps.sessions),
      outcomes: new Map(),
    }
  }

  #callerOf(view: TabView, failure: AppError | null): Caller {
    if (view.isOver()) return { principal: null, failure: sessionOver(view.endReason()) }
    if (failure) return { principal: null, failure }
    const principal = view.principal()
    return { principal, failure: principal ? null : this.#cookieFailure }
  }

  /** The session is over: what is open gets its last state, then the line closes. */
  #sayFarewell(): void {
    this.#farewellEndsAtMs = performance.now() + FAREWELL_MS
    this.#closeWhenServed()
  }

  /** After what is being sent at this moment: the last `complete` goes before the close. */
  #closeWhenServed(): void {
    setImmediate(() => {
      if (this.#underWay === 0 && this.#view?.isOver() === true) this.#closeOver()
    })
  }

  #closeOver(): void {
    this.#farewellEndsAtMs = Infinity
    const reason = this.#view?.endReason() ?? 'session_not_found'
    this.#line.close(ERROR_TABLE.UNAUTHENTICATED.closeCode, reason)
  }
}
