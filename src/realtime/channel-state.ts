import type {
  ChannelBroker,
  ClientInfo,
  HistoryPage,
  Publication,
  StreamPosition,
} from '../domain/channel-broker.js'
import { Batch, type ChannelEvent } from './batch.js'
import type { ChannelCounts } from './channel-counts.js'
import type { Flushable, FlushQueue } from './flush-queue.js'
import { JoinLeaveBuffer } from './join-leave-buffer.js'
import { type Channel, hasHistory } from './namespace.js'
import { type ReceiptLog, takeReceipt } from './receipt-log.js'
import { mergeRecovery } from './recovery.js'

/** What became of a batch on one connection. */
export type DeliveryOutcome = 'written' | 'queued' | 'dropped'

/** One connection on one channel. Its methods are synchronous and must not throw. */
export interface Subscriber {
  /** Whether it relies on the order of the stream. */
  readonly isPositioned: boolean
  /** Whether it wants to hear who comes and goes. */
  readonly wantsJoinLeave: boolean
  deliver(batch: Batch): DeliveryOutcome
  /** Publications were lost on the way and cannot be had again: it has to come back and recover. */
  lose(): void
}

/** What a subscriber starts from. */
export interface Attachment {
  /** Null on a channel without history. */
  readonly position: StreamPosition | null
  readonly recovered: boolean
  readonly publications: readonly Publication[]
}

export interface ChannelStateDeps {
  readonly broker: ChannelBroker
  readonly queue: FlushQueue
  readonly receipts: ReceiptLog
  /** Publications that one recovery may bring. */
  readonly recoveryMax: number
  /** From this many subscribers on, joins and leaves are gathered. */
  readonly joinLeaveThreshold: number
  readonly counts: ChannelCounts
  readonly onHealFailed: (error: unknown) => void
}

/**
 * One channel in this process: its subscribers, where its stream stands, and what is about to go out. It is opened
 * once, whatever the number of subscribers, and everything that costs a question to the broker is asked once for all.
 */
export class ChannelState implements Flushable {
  readonly channel: Channel
  readonly #deps: ChannelStateDeps
  readonly #subscribers = new Set<Subscriber>()
  readonly #waiting = new Set<Subscriber>()
  readonly #before: Promise<void> | undefined
  readonly #joinLeaves = new JoinLeaveBuffer()
  readonly #reads = new Map<string, Promise<HistoryPage>>()
  /** Where the events stand that were handed out; null before it is known, and without history. */
  #position: StreamPosition | null = null
  #opening: Promise<void> | null = null
  #healing: Promise<void> | null = null
  #isDoubtful = false
  /** Live publications that cannot be placed yet. */
  #early: { publication: Publication; epoch: string }[] = []
  /** Live publications since the first subscriber in waiting began to wait. */
  #recent: Publication[] = []
  #events: ChannelEvent[] = []
  #receiptIds: string[] = []
  #emptyAtMs = 0
  flushedAtMs = -Infinity
  busyMs = 0

  /** `before` is what has to be over before the broker is asked for the channel. */
  constructor(channel: Channel, deps: ChannelStateDeps, before?: Promise<void>) {
    this.channel = channel
    this.#deps = deps
    this.#before = before
  }

  get subscriberCount(): number {
    return this.#subscribers.size
  }

  get position(): StreamPosition | null {
    return this.#position
  }

  /** Whether a heal failed and should be tried again. */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /** Since when nobody is here, in monotonic milliseconds; null while somebody is. */
  get emptySinceMs(): number | null {
    return this.#subscribers.size + this.#waiting.size > 0 ? null : this.#emptyAtMs
  }

  /**
   * Lets a subscriber in and calls `confirm` in the same moment: what is newer than its position comes by `deliver`,
   * nothing twice and nothing not at all. False when `remove` came first. Raises UNAVAILABLE.
   */
  async attach(
    subscriber: Subscriber,
    since: StreamPosition | null,
    confirm: (attachment: Attachment) => void,
  ): Promise<boolean> {
    this.#waiting.add(subscriber)
    try {
      await (this.#opening ??= this.#open())
      await this.#healed()
      const page = await this.#pageSince(since)
      await this.#healed()
      if (!this.#waiting.has(subscriber)) return false
      this.flush()
      const attachment = this.#attachmentOf(since, page)
      this.#subscribers.add(subscriber)
      confirm(attachment)
      return true
    } finally {
      this.#waiting.delete(subscriber)
      if (this.#waiting.size === 0) this.#recent = []
      this.#emptyAtMs = performance.now()
    }
  }

  /** Takes a subscriber out, also one that is still on its way in. True when it was there. */
  remove(subscriber: Subscriber): boolean {
    const wasHere = this.#subscribers.delete(subscriber) || this.#waiting.delete(subscriber)
    this.#emptyAtMs = performance.now()
    return wasHere
  }

  publish(publication: Publication, epoch: string): void {
    // Without an offset it is not part of a stream: it goes out and leaves no trace.
    if (publication.offset === 0 || !hasHistory(this.channel.rules)) {
      this.#append(publication)
      return
    }
    if (this.#position === null || this.#healing || this.#isDoubtful) {
      this.#keepEarly(publication, epoch)
      return
    }
    const isNext = publication.offset === this.#position.offset + 1
    if (epoch === this.#position.epoch && isNext) this.#accept(publication)
    else if (epoch !== this.#position.epoch || publication.offset > this.#position.offset) {
      this.#keepEarly(publication, epoch)
      void this.heal()
    }
  }

  joinOrLeave(kind: 'join' | 'leave', info: ClientInfo): void {
    if (this.#subscribers.size >= this.#deps.joinLeaveThreshold || !this.#joinLeaves.isEmpty()) {
      this.#joinLeaves.add(kind, info)
    } else {
      this.#events.push({ kind, info })
      this.#deps.queue.add(this)
    }
  }

  /** Tells what was gathered of joins and leaves. */
  releaseJoinLeaves(): void {
    if (this.#joinLeaves.isEmpty()) return
    this.#events.push(...this.#joinLeaves.take())
    this.#deps.queue.add(this)
  }

  /**
   * Reads what is missing between the position of this process and the top of the stream, and hands it out as if it
   * had come live. When it is not whole any more, the subscribers that rely on it are told. Never rejects; shared by
   * callers that come while it runs.
   */
  heal(): Promise<void> {
    this.#healing ??= this.#runHeal().finally(() => {
      this.#healing = null
      if (!this.#isDoubtful) this.#placeEarly()
    })
    return this.#healing
  }

  flush(): void {
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    this.flushedAtMs = performance.now()
    this.#deps.queue.remove(this)
    const { rules, name } = this.channel
    const publications = events.filter(({ kind }) => kind === 'publication')
    const told = rules.delivery === 'latest' ? publications.slice(-1) : publications
    const plain = told.length === 0 ? null : new Batch(name.channel, told, rules.delivery)
    const full =
      publications.length === events.length ? plain : new Batch(name.channel, events, 'all')
    let [written, queued, dropped] = [0, 0, 0]
    for (const subscriber of this.#subscribers) {
      const batch = subscriber.wantsJoinLeave ? full : plain
      if (batch === null) continue
      const outcome = subscriber.deliver(batch)
      if (outcome === 'dropped') dropped += 1
      else written += 1
      if (outcome === 'queued') queued += 1
    }
    const counts = { written, queued, dropped }
    this.#deps.counts.addDeliveries(counts, told.length)
    for (const id of this.#receiptIds) this.#deps.receipts.record(id, counts)
    this.#receiptIds = []
    this.busyMs = events.length > 1 ? performance.now() - this.flushedAtMs : 0
  }

  async #open(): Promise<void> {
    try {
      await this.#before
      await this.#deps.broker.subscribe(this.channel.name.channel)
      if (!hasHistory(this.channel.rules)) return
      this.#position = (await this.#read(null, 0)).position
      this.#placeEarly()
    } catch (error) {
      this.#opening = null
      throw error
    }
  }

  async #healed(): Promise<void> {
    for (let heal = this.#healing; heal !== null; heal = this.#healing) await heal
  }

  async #runHeal(): Promise<void> {
    const since = this.#position
    if (since === null) return
    try {
      const page = await this.#read(since, this.#deps.recoveryMax)
      this.#isDoubtful = false
      const recovery = mergeRecovery({
        ...{ since, page, upTo: page.position, recent: [] },
        limit: this.#deps.recoveryMax,
      })
      if (recovery.recovered) {
        for (const publication of recovery.publications) this.#accept(publication)
        this.#deps.counts.addRecovery('recovered')
      } else {
        this.#lose(since, page)
      }
    } catch (error) {
      this.#isDoubtful = true
      this.#deps.onHealFailed(error)
    }
  }

  #lose(since: StreamPosition, page: HistoryPage): void {
    this.flush()
    this.#recent = []
    this.#deps.counts.addRecovery('lost')
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.isPositioned) subscriber.lose()
    }
    // Those who do not rely on the order get what there is.
    const isSameStream = page.position.epoch === since.epoch
    for (const publication of page.publications) {
      if (!isSameStream || publication.offset > since.offset) this.#append(publication)
    }
    this.#position = page.position
  }

  /** Places what came too early, now that the position is known. */
  #placeEarly(): void {
    const early = this.#early.sort((a, b) => a.publication.offset - b.publication.offset)
    this.#early = []
    for (const { publication, epoch } of early) this.publish(publication, epoch)
  }

  #keepEarly(publication: Publication, epoch: string): void {
    this.#early.push({ publication, epoch })
    // The history has it too: what falls out here is read again.
    if (this.#early.length > this.#deps.recoveryMax) this.#early.shift()
  }

  #accept(publication: Publication): void {
    if (this.#position === null) return
    this.#position = { offset: publication.offset, epoch: this.#position.epoch }
    if (this.#waiting.size > 0) {
      this.#recent.push(publication)
      if (this.#recent.length > this.#deps.recoveryMax) this.#recent.shift()
    }
    this.#append(publication)
  }

  #append(marked: Publication): void {
    const { publication, receiptId } = takeReceipt(marked)
    if (receiptId !== null) this.#receiptIds.push(receiptId)
    this.#events.push({ kind: 'publication', publication })
    this.#deps.queue.add(this)
  }

  /** What the broker has since then; null when there is nothing to ask for. */
  async #pageSince(since: StreamPosition | null): Promise<HistoryPage | null> {
    const position = this.#position
    if (since === null || position === null) return null
    if (since.epoch !== '' && since.epoch !== position.epoch) return null
    const missing = position.offset - since.offset
    if (missing <= 0 || missing > this.#deps.recoveryMax) return null
    const key = `${since.offset}`
    const known = this.#reads.get(key)
    if (known) return known
    const read = this.#read({ ...since, epoch: position.epoch }, this.#deps.recoveryMax)
    this.#reads.set(key, read)
    try {
      return await read
    } finally {
      this.#reads.delete(key)
    }
  }

  async #read(since: StreamPosition | null, limit: number): Promise<HistoryPage> {
    const { channel } = this.channel.name
    return this.#deps.broker.history(channel, { since, limit, reverse: false })
  }

  #attachmentOf(since: StreamPosition | null, page: HistoryPage | null): Attachment {
    const position = this.#position
    if (position === null || since === null) return { position, recovered: false, publications: [] }
    const recovery = mergeRecovery({
      ...{ since, page, upTo: position, recent: this.#recent },
      limit: this.#deps.recoveryMax,
    })
    this.#deps.counts.addRecovery(recovery.recovered ? 'recovered' : 'lost')
    const publications = recovery.publications.map((kept) => takeReceipt(kept).publication)
    return { position, recovered: recovery.recovered, publications }
  }
}
