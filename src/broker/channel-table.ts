import type { StreamPosition } from '../domain/channel-broker.js'
import type { BrokerConnection, BrokerRow } from './broker-store.js'
import { BATCH_ROWS, removeOld } from './message-table.js'
import { kindOf, letterOf, type RecordKind } from './publication-codec.js'

/** The tables of the channels: streams and their publications, idempotency keys, events for all processes. */

/** What is known of a stream that has not been forgotten. */
export interface StreamRow extends StreamPosition {
  readonly forgetAt: number
}

export interface StoredPublication {
  readonly offset: number
  readonly body: string
}

export interface StoredEvent {
  readonly id: number
  readonly channel: string
  /** Null for one of another version. */
  readonly kind: RecordKind | null
  readonly offset: number
  readonly epoch: string
  readonly body: string
}

export interface NewEvent extends Omit<StoredEvent, 'id' | 'kind'> {
  readonly kind: RecordKind
}

/** Instants at which streams are looked at fall on multiples of this, in milliseconds. */
const LOOK_GRAIN_MS = 60_000
/** Publications past their lifetime that one step removes at most: more than one batch brings, few enough to bear. */
const TRIM_ROWS = 512

export function findStream(
  db: BrokerConnection,
  channel: string,
  now: number,
): StreamRow | undefined {
  const row = db
    .prepare(
      'SELECT epoch, top, forget_at FROM channel_streams WHERE channel = ? AND forget_at > ?',
    )
    .get(channel, now)
  return row && { ...positionOf(row), forgetAt: Number(row['forget_at']) }
}

export function listPositions(
  db: BrokerConnection,
  channels: readonly string[],
  now: number,
): ReadonlyMap<string, StreamPosition> {
  const rows = db
    .prepare(
      'SELECT channel, epoch, top FROM channel_streams ' +
        'WHERE channel IN (SELECT value FROM json_each(?)) AND forget_at > ?',
    )
    .all(JSON.stringify(channels), now)
  return new Map(rows.map((row) => [text(row, 'channel'), positionOf(row)]))
}

/** Enters the stream, or where it stands now. It is looked at when `lookAt` has come. */
export function putStream(
  db: BrokerConnection,
  channel: string,
  stream: StreamRow,
  lookAt: number,
): void {
  db.prepare(
    'INSERT INTO channel_streams (channel, epoch, top, look_at, forget_at) VALUES (?, ?, ?, ?, ?) ' +
      'ON CONFLICT (channel) DO UPDATE SET epoch = excluded.epoch, top = excluded.top, ' +
      'look_at = excluded.look_at, forget_at = excluded.forget_at',
  ).run(channel, stream.epoch, stream.offset, roundUp(lookAt), stream.forgetAt)
}

export function insertPublication(
  db: BrokerConnection,
  channel: string,
  { offset, body }: StoredPublication,
  expiresAt: number,
): void {
  db.prepare(
    'INSERT INTO channel_publications (channel, offset, body, expires_at) VALUES (?, ?, ?, ?)',
  ).run(channel, offset, body, expiresAt)
}

/** Removes the publications up to an offset, and some of what has run out. */
export function trimPublications(
  db: BrokerConnection,
  channel: string,
  { upTo, now }: { readonly upTo: number; readonly now: number },
): void {
  db.prepare('DELETE FROM channel_publications WHERE channel = ? AND offset <= ?').run(
    channel,
    upTo,
  )
  const oldest = db
    .prepare(
      'SELECT expires_at FROM channel_publications WHERE channel = ? ORDER BY offset LIMIT 1',
    )
    .get(channel)
  if (!oldest || Number(oldest['expires_at']) > now) return
  db.prepare(
    'DELETE FROM channel_publications WHERE channel = ?1 AND expires_at <= ?2 AND offset IN ' +
      '(SELECT offset FROM channel_publications WHERE channel = ?1 ' +
      `ORDER BY offset LIMIT ${TRIM_ROWS})`,
  ).run(channel, now)
}

/** The publications strictly between two offsets that have not run out. */
export function listPublications(
  db: BrokerConnection,
  channel: string,
  range: { readonly after: number; readonly before: number },
  page: { readonly limit: number; readonly reverse: boolean; readonly now: number },
): StoredPublication[] {
  const order = page.reverse ? 'DESC' : 'ASC'
  return db
    .prepare(
      'SELECT offset, body FROM channel_publications WHERE channel = ? AND offset > ? ' +
        `AND offset < ? AND expires_at > ? ORDER BY offset ${order} LIMIT ?`,
    )
    .all(channel, range.after, range.before, page.now, page.limit)
    .map((row) => ({ offset: Number(row['offset']), body: text(row, 'body') }))
}

export function removePublications(db: BrokerConnection, channel: string): void {
  db.prepare('DELETE FROM channel_publications WHERE channel = ?').run(channel)
}

/** Where the publication of a key stands that has not run out; offset 0 without history. */
export function findKey(
  db: BrokerConnection,
  channel: string,
  key: string,
  now: number,
): StreamPosition | undefined {
  const row = db
    .prepare(
      'SELECT offset AS top, epoch FROM channel_keys ' +
        'WHERE channel = ? AND key = ? AND expires_at > ?',
    )
    .get(channel, key, now)
  return row && positionOf(row)
}

export function putKey(
  db: BrokerConnection,
  channel: string,
  key: string,
  position: StreamPosition & { readonly expiresAt: number },
): void {
  db.prepare(
    'INSERT INTO channel_keys (channel, key, offset, epoch, expires_at) VALUES (?, ?, ?, ?, ?) ' +
      'ON CONFLICT (channel, key) DO UPDATE SET offset = excluded.offset, ' +
      'epoch = excluded.epoch, expires_at = excluded.expires_at',
  ).run(channel, key, position.offset, position.epoch, position.expiresAt)
}

export function insertEvent(db: BrokerConnection, event: NewEvent, now: number): void {
  db.prepare(
    'INSERT INTO channel_events (channel, kind, offset, epoch, body, sent_at) ' +
      'VALUES (?, ?, ?, ?, ?, ?)',
  ).run(event.channel, letterOf(event.kind), event.offset, event.epoch, event.body, now)
}

/** The next events after `id`, oldest first. */
export function listEvents(db: BrokerConnection, afterId: number): StoredEvent[] {
  return db
    .prepare(
      'SELECT id, channel, kind, offset, epoch, body FROM channel_events WHERE id > ? ' +
        `ORDER BY id LIMIT ${BATCH_ROWS}`,
    )
    .all(afterId)
    .map((row) => ({
      id: Number(row['id']),
      channel: text(row, 'channel'),
      kind: kindOf(text(row, 'kind')),
      offset: Number(row['offset']),
      epoch: text(row, 'epoch'),
      body: text(row, 'body'),
    }))
}

/**
 * Removes events from before `sentBefore`, keys and publications that have run out and streams that may be
 * forgotten: at most BATCH_ROWS events and keys and as many streams. True when there may be more.
 */
export function pruneChannels(db: BrokerConnection, now: number, sentBefore: number): boolean {
  const hasEvents = removeOld(db, 'channel_events', sentBefore)
  const keys = db
    .prepare(
      'DELETE FROM channel_keys WHERE (channel, key) IN ' +
        `(SELECT channel, key FROM channel_keys WHERE expires_at <= ? LIMIT ${BATCH_ROWS})`,
    )
    .run(now).changes
  const due = db
    .prepare(
      `SELECT channel, forget_at FROM channel_streams WHERE look_at <= ? LIMIT ${BATCH_ROWS}`,
    )
    .all(now)
  for (const row of due) lookAt(db, text(row, 'channel'), Number(row['forget_at']), now)
  return hasEvents || keys === BATCH_ROWS || due.length === BATCH_ROWS
}

/** Removes what has run out of one stream, and sets when to look again. */
function lookAt(db: BrokerConnection, channel: string, forgetAt: number, now: number): void {
  db.prepare('DELETE FROM channel_publications WHERE channel = ? AND expires_at <= ?').run(
    channel,
    now,
  )
  const last = db
    .prepare('SELECT max(expires_at) AS last FROM channel_publications WHERE channel = ?')
    .get(channel)?.['last']
  if (forgetAt <= now) {
    removePublications(db, channel)
    db.prepare('DELETE FROM channel_streams WHERE channel = ?').run(channel)
    return
  }
  db.prepare('UPDATE channel_streams SET look_at = ? WHERE channel = ?').run(
    roundUp(last === null || last === undefined ? forgetAt : Number(last)),
    channel,
  )
}

function roundUp(instant: number): number {
  return Math.ceil(instant / LOOK_GRAIN_MS) * LOOK_GRAIN_MS
}

function positionOf(row: BrokerRow): StreamPosition {
  return { offset: Number(row['top']), epoch: text(row, 'epoch') }
}

function text(row: BrokerRow, column: string): string {
  return String(row[column])
}
