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
    answer: { delivered: number }
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
