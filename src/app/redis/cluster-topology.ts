import { addressOf } from './redis-endpoint.js'

/** One master and the slots it answers for. */
export interface ClusterMaster {
  readonly host: string
  readonly port: number
  readonly address: string
  readonly ranges: readonly { readonly from: number; readonly to: number }[]
}

/**
 * Reads the reply to CLUSTER SLOTS. A node that does not know its own name leaves its host empty: then it
 * is the one that was asked. Raises an Error when the reply has another shape.
 */
export function parseClusterSlots(reply: unknown, askedHost: string): readonly ClusterMaster[] {
  if (!Array.isArray(reply)) throw new Error('CLUSTER SLOTS gave no list')
  const masters = new Map<string, { host: string; port: number; ranges: SlotRange[] }>()
  for (const row of reply as unknown[]) {
    const [from, to, master] = Array.isArray(row) ? (row as unknown[]) : []
    const [host, port] = Array.isArray(master) ? (master as unknown[]) : []
    if (typeof from !== 'number' || typeof to !== 'number' || typeof port !== 'number') {
      throw new Error('CLUSTER SLOTS gave an unknown row')
    }
    const name = typeof host === 'string' && host !== '' ? host : askedHost
    const address = addressOf({ host: name, port })
    const known = masters.get(address) ?? { host: name, port, ranges: [] }
    known.ranges.push({ from, to })
    masters.set(address, known)
  }
  return [...masters].map(([address, master]) => ({ address, ...master }))
}

interface SlotRange {
  readonly from: number
  readonly to: number
}

/** Where a MOVED or ASK reply sends a command; the host is empty when it stays the same. */
export function parseRedirect(message: string): { host: string; port: number } | null {
  const match = /^(?:MOVED|ASK) \d+ (.*):(\d+)$/.exec(message)
  if (!match) return null
  return { host: match[1] ?? '', port: Number(match[2]) }
}
