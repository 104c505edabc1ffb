import type { ClientContext } from '../../domain/client.js'
import type { Logger } from '../../domain/logger.js'
import type { Principal } from '../../domain/session.js'
import type { AppError } from '../../errors/app-error.js'
import type { TabView } from '../../realtime/tab-view.js'
import type { SignIn } from '../../service/session-service.js'
import type { Tab } from '../../service/tab-service.js'
import type { Loaders } from './loader.js'

/** What became of one root field of a mutation. */
export type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown }

/** Who asks. Neither: nothing was shown. */
export interface Caller {
  /** Proved by a live session. */
  readonly principal: Principal | null
  /** Why what was shown proves nothing. */
  readonly failure: AppError | null
}

/** The cookies of the browser that asks, where the transport can set any. */
export interface CookieAccess {
  /** The refresh token that came along. */
  readonly refreshToken: string | null
  set(signIn: SignIn): void
  clear(): void
}

/** What the log says of an operation that is over. */
export interface OperationLine {
  /** That of the worst failure. */
  readonly level: keyof Logger
  /** As its text names it. */
  readonly name: string
  readonly type: string
  /** Of the failures, each once; null when there are none. */
  readonly reasons: readonly string[] | null
  /** The cause of what is our own fault. */
  readonly cause: unknown
}

/** What the resolvers of one operation see of the world. */
export interface OperationContext {
  readonly requestId: string
  /** The browser or device, and the network address. */
  readonly client: ClientContext
  readonly tab: Tab
  /** Who asks, as of now: a session may end while a subscription lasts. */
  caller(): Caller
  /** Null over a WebSocket. */
  readonly cookies: CookieAccess | null
  /** The open tab, over a WebSocket; null otherwise. */
  readonly view: TabView | null
  /** A token of the same session was shown or made: the line that this came over may live longer. */
  renewed(accessToken: string): Promise<void>
  /**
   * Takes the end of the operation into the log line of what it came in; false when that line is written already.
   * Null: the operation has a line of its own.
   */
  readonly report: ((line: OperationLine) => boolean) | null
  /** Users that the operation itself has proved or made: their own data is theirs to see in its answer. */
  readonly provedUserIds: Set<string>
  /** Replaced with every event of a subscription. */
  loaders: Loaders
  /** What became of each root field of a mutation, by its name in the answer. */
  outcomes: ReadonlyMap<string, Outcome>
}
