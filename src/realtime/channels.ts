import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  Publication,
  StreamPosition,
} from '../domain/channel-broker.js'
import type { Logger } from '../domain/logger.js'
import {
  type Attachment,
  ChannelState,
  type ChannelStateDeps,
  type Subscriber,
} from './channel-state.js'
import type { ChannelCounts } from './channel-counts.js'
import { createFlushQueue, type FlushQueue } from './flush-queue.js'
import type { Channel } from './namespace.js'
import type { ReceiptLog } from './receipt-log.js'

export type { Attachment, DeliveryOutcome, Subscriber } from './channel-state.js'

/** Channels whose positions are asked for at once. */
const CHECK_CHUNK = 500
const TICKS_PER_WINDOW = 2
const TICK_MS_MAX = 500
const TICK_MS_MIN = 5

/** Durations in milliseconds. */
export interface ChannelsOptions {
  /** Publications that one recovery may bring; a longer gap is not recovered. */
  readonly recoveryMax: number
  /** How often the position of every channel is compared with the top of its stream. */
  readonly positionCheckMs: number
  /** From this many subscribers of a channel in this process on, joins and leaves are gathered. */
  readonly joinLeaveThreshold: number
  readonly joinLeaveWindowMs: number
  /** What follows a flush within this time waits for the rest of it and goes in one write. */
  readonly busyWindowMs: number
  /** How long a channel without subscribers stays open, for those that come back at once. */
  readonly idleMs: number
}

export interface ChannelsDeps {
  readonly broker: ChannelBroker
  readonly receipts: ReceiptLog
  readonly logger: Logger
  readonly counts: ChannelCounts
}

/** The channels that this process has subscribers on: one subscription at the broker for each. */
export interface Channels {
  /** Begins to listen. Raises UNAVAILABLE. */
  start(): Promise<void>
  /**
   * Subscribes, recovering what is newer than `since` when it is given. `confirm` is called in the moment from which
   * on everything is delivered. False when `unsubscribe` came first. Raises UNAVAILABLE.
   */
  subscribe(
    channel: Channel,
    subscriber: Subscriber,
    since: StreamPosition | null,
    confirm: (attachment: Attachment) => void,
  ): Promise<boolean>
  /** From here on nothing is delivered. Safe to call twice. */
  unsubscribe(channel: string, subscriber: Subscriber): void
  /** Whether somebody in this process is subscribed, or about to be. */
  isOpen(channel: string): boolean
  channelCount(): number
  subscriptionCount(): number
  /** Compares the positions of these channels, or of all (null), with their streams. Never rejects. */
  check(channels: readonly string[] | null): Promise<void>
  close(): Promise<void>
}

/** Creates the registry. Nothing runs before `start`. */
export function createChannels(deps: ChannelsDeps, options: ChannelsOptions): Channels {
  return new ChannelRegistry(deps, options)
}

class ChannelRegistry implements Channels, ChannelListener {
  readonly #deps: ChannelsDeps
  readonly #options: ChannelsOptions
  readonly #queue: FlushQueue
  readonly #stateDeps: ChannelStateDeps
  readonly #states = new Map<string, ChannelState>()
  /** Channels that are being given back to the broker. */
  readonly #leaving = new Map<string, Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #nextCheckAtMs = 0
  #nextReleaseAtMs = 0
  #checking: Promise<void> | null = null

  constructor(deps: ChannelsDeps, options: ChannelsOptions) {
    this.#deps = deps
    this.#options = options
    this.#queue = createFlushQueue(options.busyWindowMs)
    this.#stateDeps = {
      broker: deps.broker,
      queue: this.#queue,
      receipts: deps.receipts,
      recoveryMax: options.recoveryMax,
      joinLeaveThreshold: options.joinLeaveThreshold,
      counts: deps.counts,
      onHealFailed: (error) => {
        deps.logger.warn({ err: error }, 'cannot read what a channel has missed')
      },
    }
  }

  async start(): Promise<void> {
    await this.#deps.broker.start(this)
    const { joinLeaveWindowMs, idleMs, positionCheckMs } = this.#options
    const shortestMs = Math.min(joinLeaveWindowMs, idleMs, positionCheckMs)
    const tickMs = Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, shortestMs / TICKS_PER_WINDOW))
    this.#nextCheckAtMs = performance.now() + positionCheckMs
    this.#timer = setInterval(() => this.#tick(performance.now()), tickMs).unref()
  }

  async subscribe(
    channel: Channel,
    subscriber: Subscriber,
    since: StreamPosition | null,
    confirm: (attachment: Attachment) => void,
  ): Promise<boolean> {
    const { channel: name } = channel.name
    let state = this.#states.get(name)
    if (!state) {
      // What was begun has to be over before the broker is asked for the opposite.
      state = new ChannelState(channel, this.#stateDeps, this.#leaving.get(name))
      this.#states.set(name, state)
    }
    return state.attach(subscriber, since, confirm)
  }

  unsubscribe(channel: string, subscriber: Subscriber): void {
    this.#states.get(channel)?.remove(subscriber)
  }

  isOpen(channel: string): boolean {
    return this.#states.get(channel)?.emptySinceMs === null
  }

  channelCount(): number {
    let count = 0
    for (const state of this.#states.values()) if (state.subscriberCount > 0) count += 1
    return count
  }

  subscriptionCount(): number {
    let count = 0
    for (const state of this.#states.values()) count += state.subscriberCount
    return count
  }

  onPublication(channel: string, publication: Publication, epoch: string): void {
    this.#states.get(channel)?.publish(publication, epoch)
  }

  onJoin(channel: string, info: ClientInfo): void {
    this.#states.get(channel)?.joinOrLeave('join', info)
  }

  onLeave(channel: string, info: ClientInfo): void {
    this.#states.get(channel)?.joinOrLeave('leave', info)
  }

  onUnsure(channels: readonly string[] | null): void {
    void this.check(channels)
  }

  async check(channels: readonly string[] | null): Promise<void> {
    const names = [...(channels ?? this.#states.keys())].filter((name) => {
      const state = this.#states.get(name)
      return state !== undefined && state.position !== null && state.emptySinceMs === null
    })
    try {
      for (let start = 0; start < names.length; start += CHECK_CHUNK) {
        await this.#checkChunk(names.slice(start, start + CHECK_CHUNK))
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'cannot compare the positions of channels')
      // Not knowing is no reason to wait for the next round.
      for (const name of names) void this.#states.get(name)?.heal()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const state of this.#states.values()) state.flush()
    this.#queue.close()
    await this.#checking
    await Promise.allSettled([...this.#leaving.values()])
    this.#states.clear()
  }

  async #checkChunk(names: readonly string[]): Promise<void> {
    const tops = await this.#deps.broker.positions(names)
    for (const name of names) {
      const state = this.#states.get(name)
      const position = state?.position
      if (!state || !position) continue
      const top = tops.get(name)
      // A stream that is gone and had nothing in it has lost nothing.
      const isSame = top
        ? top.epoch === position.epoch && top.offset <= position.offset
        : position.offset === 0
      if (!isSame) await state.heal()
    }
  }

  #tick(nowMs: number): void {
    if (nowMs >= this.#nextReleaseAtMs) {
      this.#nextReleaseAtMs = nowMs + this.#options.joinLeaveWindowMs
      for (const state of this.#states.values()) state.releaseJoinLeaves()
    }
    for (const [name, state] of this.#states) {
      if (state.isDoubtful) void state.heal()
      const since = state.emptySinceMs
      if (since !== null && nowMs - since >= this.#options.idleMs) this.#leave(name, state)
    }
    if (nowMs >= this.#nextCheckAtMs && !this.#checking) {
      this.#nextCheckAtMs = nowMs + this.#options.positionCheckMs
      this.#checking = this.check(null).finally(() => {
        this.#checking = null
      })
    }
  }

  /** Gives a channel without subscribers back to the broker. */
  #leave(name: string, state: ChannelState): void {
    this.#states.delete(name)
    this.#queue.remove(state)
    const left = (this.#leaving.get(name) ?? Promise.resolve())
      .then(() => this.#deps.broker.unsubscribe(name))
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, channel: name }, 'cannot leave a channel')
      })
      .finally(() => {
        if (this.#leaving.get(name) === left) this.#leaving.delete(name)
      })
    this.#leaving.set(name, left)
  }
}
