import type { HistoryPage, Publication, StreamPosition } from '../domain/channel-broker.js'

export interface RecoveryInput {
  /** The newest publication that the client has. An empty epoch stands for the one of `upTo`. */
  readonly since: StreamPosition
  /** What the broker has kept since then; null when it was not asked. */
  readonly page: HistoryPage | null
  /** What came live in the meantime, in any order. */
  readonly recent: readonly Publication[]
  /** Where the live stream of this process stands: what is newer arrives live. */
  readonly upTo: StreamPosition
  /** More than this is not recovered. */
  readonly limit: number
}

/** What a client that comes back has missed: all of it, or nothing. */
export type Recovery =
  | { readonly recovered: true; readonly publications: readonly Publication[] }
  | { readonly recovered: false; readonly publications: readonly [] }

const FAILED: Recovery = { recovered: false, publications: [] }

/**
 * Joins kept and live publications, in order, each once, and looks for holes: with one missing, or one too many for
 * the limit, or a stream that began anew, nothing is recovered. Never a part.
 */
export function mergeRecovery({ since, page, recent, upTo, limit }: RecoveryInput): Recovery {
  if (since.epoch !== '' && since.epoch !== upTo.epoch) return FAILED
  if (page !== null && page.position.epoch !== upTo.epoch) return FAILED
  const missing = upTo.offset - since.offset
  if (missing < 0 || missing > limit) return FAILED
  const byOffset = new Map<number, Publication>()
  for (const publication of [...(page?.publications ?? []), ...recent]) {
    const { offset } = publication
    if (offset > since.offset && offset <= upTo.offset) byOffset.set(offset, publication)
  }
  if (byOffset.size !== missing) return FAILED
  const publications = [...byOffset.values()].sort((a, b) => a.offset - b.offset)
  return { recovered: true, publications }
}
