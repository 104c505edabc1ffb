import type { Broker, SurveyAnswer } from '../domain/broker.js'
import type { DeliveryReceipt, Receipt } from './receipt.js'

/** Pauses between two questions: short at first, since most processes have it by then. */
const PAUSE_MS_FIRST = 5
const PAUSE_MS_MAX = 80

export interface ReceiptCollectorDeps {
  readonly broker: Broker
  /** When the answer is given, whoever has not said anything by then. */
  readonly timeoutMs: number
}

/**
 * Asks every process what became of a publication, again and again until all know or the time is over. A process that
 * has not heard of it by then counts as missing: this never waits longer and never fails for one that is silent.
 */
export async function collectReceipt(
  { broker, timeoutMs }: ReceiptCollectorDeps,
  wanted: { readonly receiptId: string; readonly channel: string; readonly kind: Receipt },
): Promise<DeliveryReceipt> {
  const { receiptId, channel } = wanted
  const deadlineMs = performance.now() + timeoutMs
  const known = new Map<string, NonNullable<SurveyAnswer<'receipt'>['counts']>>()
  let pauseMs = PAUSE_MS_FIRST
  for (;;) {
    const leftMs = Math.max(1, deadlineMs - performance.now())
    const survey = await broker.survey('receipt', { receiptId, channel }, leftMs)
    const waiting: string[] = [...survey.missing]
    for (const { processId, counts } of survey.answers) {
      if (counts === null) waiting.push(processId)
      else known.set(processId, counts)
    }
    const missing = waiting.filter((processId) => !known.has(processId))
    if (missing.length === 0 || performance.now() + pauseMs >= deadlineMs) {
      return sum(wanted.kind, known, missing)
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)
  }
}

function sum(
  kind: Receipt,
  known: ReadonlyMap<string, { written: number; queued: number; dropped: number }>,
  missing: readonly string[],
): DeliveryReceipt {
  const processes = { asked: known.size + missing.length, answered: known.size, missing }
  const counts = kind === 'written' ? [...known.values()] : []
  return {
    processes,
    written: counts.reduce((total, { written }) => total + written, 0),
    queued: counts.reduce((total, { queued }) => total + queued, 0),
    dropped: counts.reduce((total, { dropped }) => total + dropped, 0),
  }
}
