import type { DeliveryCounts } from './receipt-log.js'

export type RecoveryOutcome = 'recovered' | 'lost'

/** What the channels of this process have done since it began. */
export interface ChannelCounts {
  /** An attempt to give back what was missed. */
  addRecovery(outcome: RecoveryOutcome): void
  /** One write of so many publications to the subscribers of a channel. */
  addDeliveries(counts: DeliveryCounts, publications: number): void
  recoveries(outcome: RecoveryOutcome): number
  /** Publications times connections. */
  deliveries(): DeliveryCounts
}

export function createChannelCounts(): ChannelCounts {
  const recoveries = { recovered: 0, lost: 0 }
  let [written, queued, dropped] = [0, 0, 0]
  return {
    addRecovery(outcome) {
      recoveries[outcome] += 1
    },
    addDeliveries(counts, publications) {
      written += counts.written * publications
      queued += counts.queued * publications
      dropped += counts.dropped * publications
    },
    recoveries: (outcome) => recoveries[outcome],
    deliveries: () => ({ written, queued, dropped }),
  }
}
