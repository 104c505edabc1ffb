/** Over either of them a batch is sent and the next one begun; lengths in characters. */
const ITEMS_MAX = 256
const LENGTH_MAX = 256 * 1024

interface Batch<I, O> {
  readonly items: I[]
  length: number
  readonly sent: Promise<readonly O[]>
  readonly send: () => void
}

export interface GathererDeps<I, O> {
  /** Does the work of one batch and answers with one outcome for each item, in their order. */
  readonly run: (key: string, items: readonly I[]) => Promise<readonly O[]>
  /** When a batch that was just begun is sent; at the end of the turn by default. */
  readonly schedule?: (send: () => void) => void
}

/**
 * Gathers what is posted under one key within one turn of the event loop, well under a millisecond, into one
 * batch: one command, one reply, and no delay when there is only one item. Batches of a key are begun in order.
 */
export interface Gatherer<I, O> {
  /** Queues an item of that many characters; settles with the outcome of its own. */
  post(key: string, item: I, length: number): Promise<O>
  /** Resolves when everything posted so far is settled; never rejects. */
  settled(): Promise<void>
}

export function createGatherer<I, O>(deps: GathererDeps<I, O>): Gatherer<I, O> {
  const { run, schedule = setImmediate } = deps
  const open = new Map<string, Batch<I, O>>()
  const underWay = new Set<Promise<unknown>>()

  function begin(key: string): Batch<I, O> {
    const items: I[] = []
    let send: () => void = () => undefined
    const sent = new Promise<readonly O[]>((resolve, reject) => {
      let isSent = false
      send = () => {
        if (isSent) return
        isSent = true
        if (open.get(key)?.items === items) open.delete(key)
        run(key, items).then(resolve, reject)
      }
    })
    const tracked: Promise<unknown> = sent
      .catch(() => undefined)
      .finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    schedule(send)
    return { items, length: 0, sent, send }
  }

  return {
    async post(key, item, length) {
      const batch = open.get(key) ?? begin(key)
      open.set(key, batch)
      const index = batch.items.push(item) - 1
      batch.length += length
      if (batch.length > LENGTH_MAX || batch.items.length >= ITEMS_MAX) batch.send()
      const outcomes = await batch.sent
      if (index >= outcomes.length) throw new RangeError('A batch gave too few outcomes.')
      return outcomes[index] as O
    },
    async settled() {
      await Promise.all(underWay)
    },
  }
}
