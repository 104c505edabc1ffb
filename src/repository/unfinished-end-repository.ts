import type { UnfinishedEndRepository } from '../domain/unfinished-end.js'
import type { SqlStore } from './sql-store.js'
import { kyselyOf } from './transaction-runner.js'

export function createUnfinishedEndRepository(store: SqlStore): UnfinishedEndRepository {
  return {
    add: async (tx, { id, userId, reason, exceptSessionId, changedAt }) => {
      // Concerns no read of anybody.
      await kyselyOf(store, tx, [])
        .insertInto('unfinished_ends')
        .values({
          id,
          user_id: userId,
          reason,
          except_session_id: exceptSessionId,
          changed_at: changedAt,
        })
        .execute()
    },
    remove: async (id) => {
      await store.db.deleteFrom('unfinished_ends').where('id', '=', id).execute()
    },
    listBefore: async (instant, limit) => {
      const rows = await store.latest
        .selectFrom('unfinished_ends')
        .selectAll()
        .where('changed_at', '<', instant)
        .orderBy('changed_at')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        userId: row.user_id,
        reason: row.reason,
        exceptSessionId: row.except_session_id,
        changedAt: row.changed_at,
      }))
    },
  }
}
