/** How much the answer to a publish says about its delivery. */
export const RECEIPTS = ['none', 'nodes', 'written'] as const
export type Receipt = (typeof RECEIPTS)[number]

/** What became of a publication, over all processes that answered in time. */
export interface DeliveryReceipt {
  readonly processes: {
    readonly asked: number
    readonly answered: number
    readonly missing: readonly string[]
  }
  /** Connections that the publication was handed to; 0 under `nodes`. */
  readonly written: number
  /** Of those, how many still had it in their queue. */
  readonly queued: number
  /** Connections that did not get it, because they were over their bound. */
  readonly dropped: number
}
