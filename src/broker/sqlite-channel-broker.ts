import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  HistoryPage,
  HistoryQuery,
  Publication,
  PublishOptions,
  PublishOutcome,
  StreamPosition,
} from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { BrokerConnection, BrokerStore } from './broker-store.js'
import { createChannelDesk } from './channel-desk.js'
import { historyOf, limitOf, rangeOf } from './channel-input.js'
import {
  findStream,
  listEvents,
  listPositions,
  listPublications,
  removePublications,
  type StoredEvent,
  type StoredPublication,
} from './channel-table.js'
import { createGatherer, type Gatherer } from './gatherer.js'
import { createMessageCursor } from './message-cursor.js'
import { decodeBody, encodeBody } from './publication-codec.js'
import type { LineRider, SqliteLine } from './sqlite-line.js'
import { type ChannelMessage, createStreamWriter, type StreamWriter } from './stream-writer.js'

export interface SqliteChannelBrokerDeps {
  readonly store: BrokerStore
  /** The line of this process on the same store. */
  readonly line: SqliteLine
  readonly clock: Clock
  readonly logger: Logger
  /** How long a stream is known after its last publication, in milliseconds. */
  readonly metaLifetimeMs: number
}

/**
 * Channels of several processes on one machine that share one SQLite file. A publication is a row of its
 * stream and an event that every process reads; whoever has published reads at once, the others with the next
 * look at the file. All read the events in the order of their commits, so every process sees a stream in its
 * order. Publications that come together share one transaction.
 */
export function createSqliteChannelBroker(deps: SqliteChannelBrokerDeps): ChannelBroker {
  return new SqliteChannelBroker(deps)
}

class SqliteChannelBroker implements ChannelBroker {
  readonly #deps: SqliteChannelBrokerDeps
  readonly #desk
  readonly #streams: StreamWriter
  readonly #cursor = createMessageCursor('channel_events', listEvents)
  readonly #subscribed = new Set<string>()
  readonly #gatherer: Gatherer<ChannelMessage, PublishOutcome>
  readonly #rider: LineRider = {
    enter: (db) => this.#cursor.moveToEnd(db),
    read: (watch) => this.#readOn(watch),
    onGap: (why) => this.#desk.reportUnsure(null, why),
  }
  /** Between two events of one batch: what a listener does must not read on before the rest is delivered. */
  #isDelivering = false
  /** The batch before: the next one gathers what comes until that is done. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: SqliteChannelBrokerDeps) {
    this.#deps = deps
    this.#desk = createChannelDesk(deps)
    this.#streams = createStreamWriter(deps)
    this.#gatherer = createGatherer<ChannelMessage, PublishOutcome>({
      run: (_key, messages) => this.#write(messages),
      schedule: (send) => void this.#last.then(send),
    })
  }

  async start(listener: ChannelListener): Promise<void> {
    this.#desk.open(listener)
    try {
      await this.#deps.line.join(this.#rider)
    } catch (error) {
      this.#desk.reset()
      throw error
    }
  }

  async subscribe(channel: string): Promise<void> {
    this.#desk.assertListening()
    // What was published before is not for this subscription.
    this.#catchUp()
    this.#subscribed.add(channel)
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#subscribed.delete(channel)
  }

  async publish(channel: string, data: string, options: PublishOptions): Promise<PublishOutcome> {
    const { idempotency, info, tags } = options
    const body = encodeBody({ data, info, tags })
    const history = historyOf(options)
    return this.#post({ channel, kind: 'publication', body, history, idempotency })
  }

  async publishJoin(channel: string, info: ClientInfo): Promise<void> {
    await this.#postPresence('join', channel, info)
  }

  async publishLeave(channel: string, info: ClientInfo): Promise<void> {
    await this.#postPresence('leave', channel, info)
  }

  async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    this.#desk.assertUsable()
    const { store, clock } = this.#deps
    const now = clock.now()
    const found = store.read((db) => {
      return readInOneStep(db, () => {
        const stream = findStream(db, channel, now)
        if (!stream || this.#streams.isOpenDue(stream, now)) return null
        return pageOf(stream, listPage(db, channel, query, now))
      })
    })
    if (found) return found
    return store.write((db) => {
      const stream = this.#streams.open(db, channel, now)
      return pageOf(stream, listPage(db, channel, query, now))
    })
  }

  async removeHistory(channel: string): Promise<void> {
    this.#desk.assertUsable()
    await this.#deps.store.write((db) => removePublications(db, channel))
  }

  async positions(channels: readonly string[]): Promise<ReadonlyMap<string, StreamPosition>> {
    this.#desk.assertUsable()
    const { store, clock } = this.#deps
    return store.read((db) => listPositions(db, channels, clock.now()))
  }

  async close(): Promise<void> {
    const isFirst = this.#desk.close()
    await this.#gatherer.settled()
    if (isFirst) await this.#deps.line.leave(this.#rider)
  }

  async #postPresence(kind: 'join' | 'leave', channel: string, info: ClientInfo): Promise<void> {
    const body = encodeBody({ data: '', info, tags: null })
    await this.#post({ channel, kind, body, history: null, idempotency: null })
  }

  async #post(message: ChannelMessage): Promise<PublishOutcome> {
    this.#desk.assertUsable()
    return this.#gatherer.post('', message, message.body.length)
  }

  #write(messages: readonly ChannelMessage[]): Promise<readonly PublishOutcome[]> {
    const { store, clock, logger } = this.#deps
    const written = store.write((db) => this.#streams.write(db, messages, clock.now()))
    const delivered = written.then((outcomes) => {
      try {
        this.#catchUp()
      } catch (error) {
        // The next look at the file reads them.
        logger.warn({ err: error }, 'publications could not be read at once')
      }
      return outcomes
    })
    this.#last = delivered.catch(() => undefined)
    return delivered
  }

  /** Delivers everything that is committed. */
  #catchUp(): void {
    if (!this.#desk.isOpen) return
    while (this.#readOn(this.#deps.store));
  }

  /** Delivers the next events. True when there may be more. */
  #readOn(from: Pick<BrokerStore, 'read'>): boolean {
    if (this.#isDelivering) return false
    const { messages, gap, more } = from.read((db) => this.#cursor.next(db))
    this.#isDelivering = true
    for (const event of messages) this.#deliver(event)
    this.#isDelivering = false
    if (gap) this.#desk.reportUnsure(null, 'messages were removed before they were read')
    return more
  }

  #deliver({ channel, kind, offset, epoch, body }: StoredEvent): void {
    if (!this.#subscribed.has(channel)) return
    const content = decodeBody(body)
    if (kind === null || content === null) this.#desk.skip(channel)
    else this.#desk.deliver(channel, { kind, offset, epoch, ...content })
  }
}

/** Runs the reads of `work` on one state of the file. */
function readInOneStep<T>(db: BrokerConnection, work: () => T): T {
  db.prepare('BEGIN').run()
  try {
    return work()
  } finally {
    db.prepare('COMMIT').run()
  }
}

function listPage(
  db: BrokerConnection,
  channel: string,
  query: HistoryQuery,
  now: number,
): readonly StoredPublication[] {
  const limit = limitOf(query)
  if (limit === 0) return []
  return listPublications(db, channel, rangeOf(query), { limit, reverse: query.reverse, now })
}

function pageOf(
  { offset, epoch }: StreamPosition,
  stored: readonly StoredPublication[],
): HistoryPage {
  const publications: Publication[] = []
  for (const { offset, body } of stored) {
    const content = decodeBody(body)
    if (content) publications.push({ offset, ...content })
  }
  return { publications, position: { offset, epoch } }
}
