import type { PublishOptions, PublishOutcome, StreamPosition } from '../domain/channel-broker.js'
import { randomId } from '../util/random-id.js'
import type { BrokerConnection } from './broker-store.js'
import {
  findKey,
  findStream,
  insertEvent,
  insertPublication,
  putKey,
  putStream,
  removePublications,
  type StreamRow,
} from './channel-table.js'
import type { RecordKind } from './publication-codec.js'

/** What is to be sent to the subscribers of a channel, and kept. */
export interface ChannelMessage extends Pick<PublishOptions, 'history' | 'idempotency'> {
  readonly channel: string
  readonly kind: RecordKind
  readonly body: string
}

export interface StreamWriterDeps {
  /** How long a stream is known after its last publication, in milliseconds; at least the lifetime of that. */
  readonly metaLifetimeMs: number
}

/** Writes streams, each step within a transaction of the caller. */
export interface StreamWriter {
  /** Checks the key, appends, numbers, and lets the processes know. */
  write(db: BrokerConnection, message: ChannelMessage, now: number): PublishOutcome
  /** The stream, made when it is absent; it will not be forgotten for a while. */
  open(db: BrokerConnection, channel: string, now: number): StreamRow
  /** Whether `open` has something to write. */
  isOpenDue(stream: StreamRow | undefined, now: number): boolean
}

export function createStreamWriter({ metaLifetimeMs }: StreamWriterDeps): StreamWriter {
  function begin(db: BrokerConnection, channel: string, now: number): StreamRow {
    // What a forgotten stream has left would stand in the way of the new numbers.
    removePublications(db, channel)
    return { offset: 0, epoch: randomId(), forgetAt: now + metaLifetimeMs }
  }

  function isOpenDue(stream: StreamRow | undefined, now: number): boolean {
    return stream === undefined || stream.forgetAt - now < metaLifetimeMs / 2
  }

  function open(db: BrokerConnection, channel: string, now: number): StreamRow {
    const known = findStream(db, channel, now)
    if (known && !isOpenDue(known, now)) return known
    const stream = { ...(known ?? begin(db, channel, now)), forgetAt: now + metaLifetimeMs }
    // Publications that are there have their own end: look soon, then it is known when.
    putStream(db, channel, stream, known ? now : stream.forgetAt)
    return stream
  }

  function append(
    db: BrokerConnection,
    { channel, body }: ChannelMessage,
    history: NonNullable<PublishOptions['history']>,
    now: number,
  ): StreamPosition {
    const stream = findStream(db, channel, now) ?? begin(db, channel, now)
    const offset = stream.offset + 1
    const expiresAt = now + history.lifetimeMs
    const forgetAt = Math.max(stream.forgetAt, now + metaLifetimeMs, expiresAt)
    putStream(db, channel, { epoch: stream.epoch, offset, forgetAt }, expiresAt)
    const bounds = { size: history.size, expiresAt, now }
    insertPublication(db, channel, { offset, body }, bounds)
    return { offset, epoch: stream.epoch }
  }

  function write(db: BrokerConnection, message: ChannelMessage, now: number): PublishOutcome {
    const { channel, kind, body, history, idempotency } = message
    const used = idempotency && findKey(db, channel, idempotency.key, now)
    if (used) return { position: used.offset === 0 ? null : used, duplicate: true }
    const position = history && append(db, message, history, now)
    const { offset, epoch } = position ?? { offset: 0, epoch: '' }
    if (idempotency) {
      const expiresAt = now + idempotency.lifetimeMs
      putKey(db, channel, idempotency.key, { offset, epoch, expiresAt })
    }
    insertEvent(db, { channel, kind, offset, epoch, body }, now)
    return { position, duplicate: false }
  }

  return { write, open, isOpenDue }
}
