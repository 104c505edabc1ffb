import type { Kysely, Selectable } from 'kysely'
import {
  AUDIT_PAGE_MAX,
  type AuditEvent,
  type AuditLog,
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
} from '../domain/audit.js'
import type { AuditEventTable, SqlSchema, SqlStore } from './sql-store.js'
import { kyselyOf } from './transaction-runner.js'

/** No read about a user shows the log; the list of it does. */
const NO_USER: readonly string[] = []

export function createAuditLog(store: SqlStore): AuditLog {
  return {
    append: async (event, tx) => {
      if (tx) return insertEvent(kyselyOf(store, tx, NO_USER), event)
      try {
        await insertEvent(store.db, event)
      } finally {
        await store.noteWrite(NO_USER)
      }
    },
    list: (query) => listEvents(store, query),
  }
}

async function insertEvent(db: Kysely<SqlSchema>, event: AuditEvent): Promise<void> {
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
}

async function listEvents({ reader }: SqlStore, query: AuditQuery): Promise<AuditPage> {
  const limit = Math.min(Math.max(Math.trunc(query.limit), 1), AUDIT_PAGE_MAX)
  const { userId, type, since, before } = query
  let select = reader
    .selectFrom('audit_events')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (userId !== undefined) select = select.where('user_id', '=', userId)
  if (type !== undefined) select = select.where('type', '=', type)
  if (since !== undefined) select = select.where('at', '>=', since)
  if (before !== undefined) select = select.where('id', '<', before)
  const records = (await select.execute()).map(toRecord)
  const events = records.slice(0, limit)
  return { events, next: records.length > limit ? (events.at(-1)?.id ?? null) : null }
}

function toRecord(row: Selectable<AuditEventTable>): AuditRecord {
  return {
    id: row.id,
    type: row.type,
    at: row.at,
    actorId: row.actor_id,
    userId: row.user_id,
    sessionId: row.session_id,
    address: row.address,
    // Written by `append` above, so its shape needs no second look.
    data: JSON.parse(row.data) as AuditEvent['data'],
  }
}
