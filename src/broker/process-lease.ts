import type { Clock } from '../domain/clock.js'
import type { BrokerConnection, BrokerStore } from './broker-store.js'
import { pruneChannels } from './channel-table.js'
import {
  listOthers,
  type ProcessEntry,
  prune,
  removeProcess,
  upsertProcess,
} from './message-table.js'

/** The entry of this process among the others; it counts as alive until its lease lapses. */
export interface ProcessLease {
  /** Whether the others may take this process for dead by now. */
  hasLapsed(): boolean
  /** Enters the process; `alongside` runs in the same transaction. */
  enter(alongside: (db: BrokerConnection) => void): Promise<void>
  /**
   * Renews the lease and removes what is old. `lapsed` when the others may have taken this process for dead
   * before: they have asked it nothing then.
   */
  renew(): Promise<{ lapsed: boolean }>
  /** Ids of the other processes that are alive. */
  listOthers(db: BrokerConnection): string[]
  /** Takes the entry away for good: a renewal under way does not bring it back. */
  leave(): Promise<void>
}

/** Batches in one renewal: enough to keep up with any load, few enough to end. */
const PRUNE_BATCHES_MAX = 20

export function createProcessLease(deps: {
  readonly store: BrokerStore
  readonly clock: Clock
  readonly entry: ProcessEntry
  readonly leaseMs: number
  readonly retentionMs: number
}): ProcessLease {
  const { store, clock, entry, leaseMs, retentionMs } = deps
  let leaseUntil = 0
  let hasLeft = false

  /** The new end of the lease; it counts only once it is committed. */
  const extend = (db: BrokerConnection, now: number): number => {
    if (!hasLeft) upsertProcess(db, entry, now + leaseMs)
    return now + leaseMs
  }

  const pruneAll = (db: BrokerConnection, now: number): boolean => {
    const messages = prune(db, now, now - retentionMs)
    const channels = pruneChannels(db, now, now - retentionMs)
    return messages || channels
  }

  return {
    hasLapsed: () => clock.now() >= leaseUntil,

    enter: async (alongside) => {
      leaseUntil = await store.write((db) => {
        alongside(db)
        return extend(db, clock.now())
      })
    },

    renew: async () => {
      const before = leaseUntil
      let mayHaveMore = false
      leaseUntil = await store.write((db) => {
        const now = clock.now()
        const until = extend(db, now)
        mayHaveMore = pruneAll(db, now)
        return until
      })
      // Asked after the commit: until then the others may have found the lease lapsed.
      const lapsed = clock.now() >= before
      for (let batch = 1; mayHaveMore && batch < PRUNE_BATCHES_MAX; batch += 1) {
        mayHaveMore = await store.write((db) => {
          return pruneAll(db, clock.now())
        })
      }
      return { lapsed }
    },

    listOthers: (db) => listOthers(db, entry.id, clock.now()),

    leave: async () => {
      hasLeft = true
      await store.write((db) => {
        removeProcess(db, entry.id)
      })
    },
  }
}
