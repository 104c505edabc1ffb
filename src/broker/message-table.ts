import type { BrokerConnection, BrokerRow } from './broker-store.js'

/** The broker's tables: processes with their leases, messages to all, replies to one. */

export interface ProcessEntry {
  readonly id: string
  readonly kind: string
  readonly pid: number
  readonly startedAt: number
}

export interface StoredMessage {
  readonly id: number
  readonly sender: string
  readonly surveyId: string
  readonly kind: string
  readonly body: string
}

export interface StoredReply {
  readonly id: number
  readonly surveyId: string
  readonly processId: string
  readonly body: string
}

export interface NewReply {
  readonly recipient: string
  readonly surveyId: string
  readonly body: string
}

/** Rows read, or removed, in one go. */
export const BATCH_ROWS = 500

/** Enters the process, or renews its lease. */
export function upsertProcess(
  db: BrokerConnection,
  process: ProcessEntry,
  leaseUntil: number,
): void {
  db.prepare(
    'INSERT INTO broker_processes (id, kind, pid, started_at, lease_until) VALUES (?, ?, ?, ?, ?) ' +
      'ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until',
  ).run(process.id, process.kind, process.pid, process.startedAt, leaseUntil)
}

export function removeProcess(db: BrokerConnection, processId: string): void {
  db.prepare('DELETE FROM broker_processes WHERE id = ?').run(processId)
}

/** Ids of the other processes whose lease runs. */
export function listOthers(db: BrokerConnection, processId: string, now: number): string[] {
  return db
    .prepare('SELECT id FROM broker_processes WHERE lease_until > ? AND id <> ? ORDER BY id')
    .all(now, processId)
    .map((row) => text(row, 'id'))
}

export function insertMessage(
  db: BrokerConnection,
  message: Omit<StoredMessage, 'id'>,
  now: number,
): void {
  db.prepare(
    'INSERT INTO broker_messages (sender, survey_id, kind, body, sent_at) VALUES (?, ?, ?, ?, ?)',
  ).run(message.sender, message.surveyId, message.kind, message.body, now)
}

export function insertReply(
  db: BrokerConnection,
  reply: NewReply,
  processId: string,
  now: number,
): void {
  db.prepare(
    'INSERT INTO broker_replies (recipient, survey_id, process_id, body, sent_at) ' +
      'VALUES (?, ?, ?, ?, ?)',
  ).run(reply.recipient, reply.surveyId, processId, reply.body, now)
}

/** A table whose ids are given one after the other and never twice. */
export type NumberedTable = 'broker_messages' | 'broker_replies' | 'channel_events'

/** The last id that the table ever gave, also when its row is gone; 0 for none. */
export function lastId(db: BrokerConnection, table: NumberedTable): number {
  const row = db.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(table)
  return row ? Number(row['seq']) : 0
}

/** The next messages after `id`, oldest first. */
export function listMessages(db: BrokerConnection, afterId: number): StoredMessage[] {
  return db
    .prepare(
      'SELECT id, sender, survey_id, kind, body FROM broker_messages WHERE id > ? ' +
        `ORDER BY id LIMIT ${BATCH_ROWS}`,
    )
    .all(afterId)
    .map((row) => ({
      id: Number(row['id']),
      sender: text(row, 'sender'),
      surveyId: text(row, 'survey_id'),
      kind: text(row, 'kind'),
      body: text(row, 'body'),
    }))
}

/** The next replies to `recipient` after `id`, oldest first. */
export function listReplies(
  db: BrokerConnection,
  recipient: string,
  afterId: number,
): StoredReply[] {
  return db
    .prepare(
      'SELECT id, survey_id, process_id, body FROM broker_replies ' +
        `WHERE recipient = ? AND id > ? ORDER BY id LIMIT ${BATCH_ROWS}`,
    )
    .all(recipient, afterId)
    .map((row) => ({
      id: Number(row['id']),
      surveyId: text(row, 'survey_id'),
      processId: text(row, 'process_id'),
      body: text(row, 'body'),
    }))
}

/**
 * Removes leases that lapsed, and messages and replies from before `sentBefore`: at most BATCH_ROWS of each
 * table, the oldest first. True when there may be more.
 */
export function prune(db: BrokerConnection, now: number, sentBefore: number): boolean {
  db.prepare('DELETE FROM broker_processes WHERE lease_until <= ?').run(now)
  const messages = removeOld(db, 'broker_messages', sentBefore)
  const replies = removeOld(db, 'broker_replies', sentBefore)
  return messages || replies
}

/** Removes at most BATCH_ROWS rows from before `sentBefore`, the oldest first. True when there may be more. */
export function removeOld(db: BrokerConnection, table: NumberedTable, sentBefore: number): boolean {
  return db.prepare(deleteOld(table)).run(sentBefore).changes === BATCH_ROWS
}

// Only the oldest rows are looked at, so the work is bounded without an index on the time.
function deleteOld(table: NumberedTable): string {
  return (
    `DELETE FROM ${table} WHERE sent_at < ? AND id IN ` +
    `(SELECT id FROM ${table} ORDER BY id LIMIT ${BATCH_ROWS})`
  )
}

function text(row: BrokerRow, column: string): string {
  return String(row[column])
}
