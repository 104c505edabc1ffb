import type { AuthChange } from './auth-change.js'
import type { EndedSession } from './session.js'

/**
 * What one process may ask of all processes, and what each answers.
 * Requests and answers are plain JSON.
 */
export interface SurveyKinds {
  /** Close every handle of these sessions. */
  sessions_ended: {
    request: { sessions: readonly EndedSession[] }
    answer: { connectionsClosed: number }
  }
  /** Deliver a message to the registered connections of a user for an event. */
  push: {
    request: { userId: string; event: string; message: string }
    /** Accepted; of those, how many wait for the peer to read; refused by a connection over its bound. */
    answer: { delivered: number; queued?: number; dropped?: number }
  }
  /** Close the connections of a user that registered, or those registered for one event. */
  drop: {
    request: { userId: string; event?: string }
    answer: { connections: number }
  }
  /** Do something with the channel connections of a user, or of one session, or with one connection. */
  clients: {
    request: ClientOrder
    answer: { connections: number }
  }
  /** What became of a publication; `counts` is null while it has not been delivered here. */
  receipt: {
    request: { receiptId: string; channel: string }
    answer: {
      processId: string
      counts: { written: number; queued: number; dropped: number } | null
    }
  }
  /** What is open in the process. */
  process_info: {
    request: Record<string, never>
    answer: {
      processId: string
      connections: number
      users: number
      subscriptions: number
      channels: number
      uptimeSeconds: number
    }
  }
  /** Hand what a client has sent over HTTP to its connection, which may be in another process. */
  emulate: {
    request: { processId: string; session: string; data: string }
    answer: { processId: string; isHandled: boolean }
  }
  /** Tell the open tabs that this concerns. */
  auth_changed: {
    request: { change: AuthChange }
    answer: { told: number }
  }
  /** Count the open connections of these sessions. */
  count_connections: {
    request: { sessionIds: readonly string[] }
    answer: { bySession: Record<string, number> }
  }
  /**
   * These users were written to (null: not known whom): what is remembered of them, or what a replica has, may
   * be stale.
   */
  users_changed: {
    request: { userIds: readonly string[] | null }
    answer: Record<string, never>
  }
  /** Refuse every token of these keys from now on, and look for the key that signs in their place. */
  keys_burned: {
    request: { keyIds: readonly string[] }
    answer: { dropped: number }
  }
}
/** What to do with which channel connections of a user. */
export type ClientOrder = {
  readonly userId: string
  readonly connectionId?: string
  readonly sessionId?: string
} & (
  | { readonly action: 'subscribe' | 'unsubscribe'; readonly channel: string }
  | { readonly action: 'disconnect'; readonly code: number; readonly reason: string }
)

export type SurveyKind = keyof SurveyKinds
export type SurveyRequest<K extends SurveyKind> = SurveyKinds[K]['request']
export type SurveyAnswer<K extends SurveyKind> = SurveyKinds[K]['answer']
export type SurveyHandlers = {
  readonly [K in SurveyKind]: (request: SurveyRequest<K>) => SurveyAnswer<K>
}

export interface SurveyResult<K extends SurveyKind> {
  /** Processes alive when the question was asked, this one included unless it only observes. */
  readonly asked: number
  readonly answers: readonly SurveyAnswer<K>[]
  /** Ids of the processes that did not answer before the deadline. */
  readonly missing: readonly string[]
}

/**
 * The line to the other processes. It knows processes, not connections. An observer (the command line) asks, but
 * is no process of the house: nobody asks it, its own handlers are not run, and it is in no count.
 */
export interface Broker {
  /** This process among the others; random per start. */
  readonly processId: string
  /**
   * Joins the other processes and begins to answer their questions with `handlers` (synchronous: an answer
   * never waits). `onGap` is called when messages may have been lost: verify what must not be missed.
   */
  start(handlers: SurveyHandlers, onGap: () => void): Promise<void>
  /**
   * Asks every live process, this one included, and gathers what came back within `timeoutMs`. Never
   * hangs and never fails for a silent process: that one is named in `missing`.
   * Raises UNAVAILABLE when the question itself cannot be sent; this process's own handler has run by then.
   */
  survey<K extends SurveyKind>(
    kind: K,
    request: SurveyRequest<K>,
    timeoutMs: number,
  ): Promise<SurveyResult<K>>
  /** Leaves the other processes. */
  close(): Promise<void>
}
