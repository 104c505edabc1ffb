import type { EndedSession } from './session.js'

/**
 * A place in the log of ended sessions: after the entry with this number. A log that was lost begins again
 * under another epoch; the session of the entry tells a log that went back in time from the one that was read.
 */
export interface RevocationPosition {
  readonly epoch: string
  /** 0 before the first entry. */
  readonly number: number
  /** Of the entry with this number; empty when it is not known. */
  readonly sessionId: string
}

/** One entry of the log. */
export interface Revocation extends EndedSession {
  /** Numbers rise by the order of the entries; every later entry has a higher one. */
  readonly number: number
  /** When it was written down, in milliseconds since the epoch. */
  readonly endedAt: number
}

/** Entries in order, and where the reader stands after them. */
export interface RevocationPage {
  readonly revocations: readonly Revocation[]
  /** After the last entry of the page; the position that was asked for when it is empty. */
  readonly position: RevocationPosition
}

/**
 * The log of ended sessions, one for all processes: the truth for those who verify tokens by themselves.
 * Sessions that run out by the clock are not in it. Every method raises UNAVAILABLE when the store cannot be
 * reached in time.
 */
export interface RevocationLog {
  /**
   * Writes the sessions down in one atomic step. One that is in the log already stays where it is, so
   * repeating an append is safe.
   */
  append(sessions: readonly EndedSession[], endedAt: number): Promise<void>
  /**
   * At most `limit` entries after the position, oldest first. Null when the log does not hold all that came
   * after it: entries were trimmed, or the log is another one.
   */
  read(after: RevocationPosition, limit: number): Promise<RevocationPage | null>
  /** The position before the first entry that was written at `since` or later; the end when there is none. */
  positionAt(since: number): Promise<RevocationPosition>
  /** Removes the entries written before `before`, oldest first up to the first that stays; answers how many. */
  trim(before: number): Promise<number>
}
