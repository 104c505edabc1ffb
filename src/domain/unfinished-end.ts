import type { SessionEndReason } from './session.js'
import type { Transaction } from './transaction.js'

/**
 * What a change of an account demands of its sessions: written down with the change and taken out when they
 * have ended, so that no crash between the two leaves one alive.
 */
export interface UnfinishedEnd {
  readonly id: string
  readonly userId: string
  readonly reason: SessionEndReason
  /** The session that goes on; null when none does. */
  readonly exceptSessionId: string | null
  /** When the change was made, in milliseconds since the epoch: what begins after it goes by what holds now. */
  readonly changedAt: number
}

/** Ends of sessions that somebody has begun. Every method raises UNAVAILABLE when the store cannot be reached. */
export interface UnfinishedEndRepository {
  add(tx: Transaction, end: UnfinishedEnd): Promise<void>
  /** The sessions are over. No-op when it is not there. */
  remove(id: string): Promise<void>
  /** At most `limit` that were changed before the instant, oldest first, as the primary has them. */
  listBefore(instant: number, limit: number): Promise<readonly UnfinishedEnd[]>
}
