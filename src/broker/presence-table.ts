import type { ClientInfo, PresenceStats } from '../domain/channel-broker.js'
import type { BrokerConnection, BrokerRow } from './broker-store.js'
import { parseInfo } from './publication-codec.js'

/** The tables of presence: who is on which channel, and which processes may have entered anybody. */

export interface PresenceEntry {
  readonly channel: string
  readonly info: ClientInfo
}

/** A process that is about to enter connections. */
export function insertPresenceProcess(db: BrokerConnection, processId: string): void {
  db.prepare('INSERT INTO presence_processes (id) VALUES (?) ON CONFLICT DO NOTHING').run(processId)
}

/** False when the others have swept it, or the data is of another time. */
export function hasPresenceProcess(db: BrokerConnection, processId: string): boolean {
  return (
    db.prepare('SELECT 1 AS found FROM presence_processes WHERE id = ?').get(processId) !==
    undefined
  )
}

/** Whether the process has exactly this entry; null when nobody has one of this connection. */
export function isEntryCurrent(
  db: BrokerConnection,
  { channel, info }: PresenceEntry,
  processId: string,
): boolean | null {
  const row = db
    .prepare(
      'SELECT process_id, info FROM presence_entries WHERE channel = ? AND connection_id = ?',
    )
    .get(channel, info.connectionId)
  if (!row) return null
  return row['process_id'] === processId && row['info'] === JSON.stringify(info)
}

export function putEntry(
  db: BrokerConnection,
  { channel, info }: PresenceEntry,
  processId: string,
): void {
  db.prepare(
    'INSERT INTO presence_entries (channel, connection_id, user_id, process_id, info) ' +
      'VALUES (?, ?, ?, ?, ?) ON CONFLICT (channel, connection_id) DO UPDATE SET ' +
      'user_id = excluded.user_id, process_id = excluded.process_id, info = excluded.info',
  ).run(channel, info.connectionId, info.userId, processId, JSON.stringify(info))
}

/** True when it was there. */
export function removeEntry(db: BrokerConnection, channel: string, connectionId: string): boolean {
  const { changes } = db
    .prepare('DELETE FROM presence_entries WHERE channel = ? AND connection_id = ?')
    .run(channel, connectionId)
  return changes > 0
}

export function listEntries(
  db: BrokerConnection,
  channel: string,
  limit: number,
): readonly ClientInfo[] {
  return db
    .prepare('SELECT info FROM presence_entries WHERE channel = ? LIMIT ?')
    .all(channel, limit)
    .map((row) => infoOf(row))
}

export function countEntries(db: BrokerConnection, channel: string): PresenceStats {
  const row = db
    .prepare(
      'SELECT count(*) AS connections, count(DISTINCT user_id) AS users ' +
        'FROM presence_entries WHERE channel = ?',
    )
    .get(channel)
  return { connections: Number(row?.['connections'] ?? 0), users: Number(row?.['users'] ?? 0) }
}

export function countEntriesOfUser(db: BrokerConnection, channel: string, userId: string): number {
  const row = db
    .prepare('SELECT count(*) AS n FROM presence_entries WHERE channel = ? AND user_id = ?')
    .get(channel, userId)
  return Number(row?.['n'] ?? 0)
}

/**
 * Whether one of this connection is among the entries of a channel, or would find a place there. Those of the process
 * `processId` count, and those of others while their lease runs.
 */
export function hasPlace(
  db: BrokerConnection,
  { channel, info }: PresenceEntry,
  { processId, connectionsMax, now }: { processId: string; connectionsMax: number; now: number },
): boolean {
  const row = db
    .prepare(
      'SELECT count(*) AS n, coalesce(sum(connection_id = ?), 0) AS own FROM presence_entries ' +
        'WHERE channel = ? AND (process_id = ? OR process_id IN ' +
        '(SELECT id FROM broker_processes WHERE lease_until > ?))',
    )
    .get(info.connectionId, channel, processId, now)
  return Number(row?.['own'] ?? 0) > 0 || Number(row?.['n'] ?? 0) < connectionsMax
}

/** Processes that may have entries and whose lease does not run. */
export function listDeadProcesses(db: BrokerConnection, now: number): readonly string[] {
  return db
    .prepare(
      'SELECT id FROM presence_processes WHERE id NOT IN ' +
        '(SELECT id FROM broker_processes WHERE lease_until > ?)',
    )
    .all(now)
    .map((row) => String(row['id']))
}

/**
 * Removes at most `limit` entries of a process and answers with them; with the last one goes the process itself.
 */
export function takeEntries(
  db: BrokerConnection,
  processId: string,
  limit: number,
): readonly PresenceEntry[] {
  const rows = db
    .prepare(
      'SELECT channel, connection_id, info FROM presence_entries WHERE process_id = ? LIMIT ?',
    )
    .all(processId, limit)
  for (const row of rows) {
    removeEntry(db, String(row['channel']), String(row['connection_id']))
  }
  if (rows.length < limit) {
    db.prepare('DELETE FROM presence_processes WHERE id = ?').run(processId)
  }
  return rows.map((row) => ({ channel: String(row['channel']), info: infoOf(row) }))
}

function infoOf(row: BrokerRow): ClientInfo {
  return parseInfo(String(row['info']))
}
