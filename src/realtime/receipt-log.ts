import type { Publication } from '../domain/channel-broker.js'

/** What this process did with one publication. */
export interface DeliveryCounts {
  /** Connections that it was handed to. */
  readonly written: number
  /** Of those, how many did not leave for the network at once. */
  readonly queued: number
  /** Connections that did not get it, because they were over their bound. */
  readonly dropped: number
}

/** The tag under which a publication carries the id of its receipt between the processes; clients never see it. */
export const RECEIPT_TAG = '$receipt'

const RECEIPTS_MAX = 4_096

/** The deliveries of this process that somebody will ask about. Forgets the oldest. */
export interface ReceiptLog {
  record(receiptId: string, counts: DeliveryCounts): void
  /** Null when the publication has not been delivered here, or it was too long ago. */
  find(receiptId: string): DeliveryCounts | null
}

export function createReceiptLog(): ReceiptLog {
  const counts = new Map<string, DeliveryCounts>()
  return {
    record(receiptId, delivered) {
      counts.set(receiptId, delivered)
      if (counts.size <= RECEIPTS_MAX) return
      const [oldest] = counts.keys()
      if (oldest !== undefined) counts.delete(oldest)
    },
    find: (receiptId) => counts.get(receiptId) ?? null,
  }
}

/** The publication as clients see it, and the id of its receipt, when one was asked for. */
export function takeReceipt(publication: Publication): {
  publication: Publication
  receiptId: string | null
} {
  const receiptId = publication.tags?.[RECEIPT_TAG]
  if (receiptId === undefined) return { publication, receiptId: null }
  const kept = Object.entries(publication.tags ?? {}).filter(([name]) => name !== RECEIPT_TAG)
  const tags = kept.length === 0 ? null : Object.fromEntries(kept)
  return { publication: { ...publication, tags }, receiptId }
}
