import type { AuditEvent, AuditLog } from '../../src/domain/audit.js'
import type { Transaction } from '../../src/domain/transaction.js'

/** An audit log that keeps its events, each with the transaction it was part of. */
export interface MemoryAuditLog extends AuditLog {
  readonly events: AuditEvent[]
  readonly transactions: (Transaction | undefined)[]
  setDown(isDown: boolean): void
}

export function createMemoryAuditLog(): MemoryAuditLog {
  const events: AuditEvent[] = []
  const transactions: (Transaction | undefined)[] = []
  let down = false
  return {
    events,
    transactions,
    setDown(isDown) {
      down = isDown
    },
    async append(event, tx) {
      if (down) throw new Error('the audit log is away')
      events.push(event)
      transactions.push(tx)
    },
    async list({ userId, type, since = 0, before = Infinity, limit }) {
      const found = events
        .map((event, index) => ({ ...event, id: index + 1 }))
        .filter((event) => userId === undefined || event.userId === userId)
        .filter((event) => type === undefined || event.type === type)
        .filter((event) => event.at >= since && event.id < before)
        .reverse()
      const page = found.slice(0, limit)
      return { events: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null }
    },
  }
}
