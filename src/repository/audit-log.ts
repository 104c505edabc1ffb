import type { AuditLog } from '../domain/audit.js'
import type { SqlStore } from './sql-store.js'
import { kyselyOf } from './transaction-runner.js'

export function createAuditLog(store: SqlStore): AuditLog {
  return {
    append: async (event, tx) => {
      // Concerns no read of anybody.
      const db = tx ? kyselyOf(store, tx, []) : store.db
      await db
        .insertInto('audit_events')
        .values({
          type: event.type,
          at: event.at,
          actor_id: event.actorId,
          user_id: event.userId,
          session_id: event.sessionId,
          address: event.address,
          data: JSON.stringify(event.data),
        })
        .execute()
    },
  }
}
