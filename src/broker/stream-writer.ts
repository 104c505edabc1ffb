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
  trimPublications,
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
  /** Checks the key of each, appends, numbers, and lets the processes know; one outcome each. */
  write(
    db: BrokerConnection,
    messages: readonly ChannelMessage[],
    now: number,
  ): readonly PublishOutcome[]
  /** The stream, made when it is absent; it will not be forgotten for a while. */
  open(db: BrokerConnection, channel: string, now: number): StreamRow
  /** Whether `open` has something to write. */
  isOpenDue(stream: StreamRow | undefined, now: number): boolean
}

/** A stream that a batch has changed. It is written back, and trimmed, once. */
interface OpenStream {
  readonly stream: StreamRow
  readonly size: number
  readonly lookAt: number
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
    { now, streams }: { now: number; streams: Map<string, OpenStream> },
  ): StreamPosition {
    const before =
      streams.get(channel)?.stream ?? findStream(db, channel, now) ?? begin(db, channel, now)
    const position = { offset: before.offset + 1, epoch: before.epoch }
    const expiresAt = now + history.lifetimeMs
    insertPublication(db, channel, { offset: position.offset, body }, expiresAt)
    const forgetAt = Math.max(before.forgetAt, now + metaLifetimeMs, expiresAt)
    const stream = { ...position, forgetAt }
    streams.set(channel, { stream, size: history.size, lookAt: expiresAt })
    return position
  }

  function writeOne(
    db: BrokerConnection,
    message: ChannelMessage,
    batch: { now: number; streams: Map<string, OpenStream> },
  ): PublishOutcome {
    const { channel, kind, body, history, idempotency } = message
    const { now } = batch
    const used = idempotency && findKey(db, channel, idempotency.key, now)
    if (used) return { position: used.offset === 0 ? null : used, duplicate: true }
    const position = history && append(db, message, history, batch)
    const { offset, epoch } = position ?? { offset: 0, epoch: '' }
    if (idempotency) {
      const expiresAt = now + idempotency.lifetimeMs
      putKey(db, channel, idempotency.key, { offset, epoch, expiresAt })
    }
    insertEvent(db, { channel, kind, offset, epoch, body }, now)
    return { position, duplicate: false }
  }

  function write(
    db: BrokerConnection,
    messages: readonly ChannelMessage[],
    now: number,
  ): readonly PublishOutcome[] {
    const batch = { now, streams: new Map<string, OpenStream>() }
    const outcomes = messages.map((message) => writeOne(db, message, batch))
    for (const [channel, { stream, size, lookAt }] of batch.streams) {
      putStream(db, channel, stream, lookAt)
      trimPublications(db, channel, { upTo: stream.offset - size, now })
    }
    return outcomes
  }

  return { write, open, isOpenDue }
}
