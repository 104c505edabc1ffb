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
} from '../../domain/channel-broker.js'
import type { Logger } from '../../domain/logger.js'
import { groupBy } from '../../util/group-by.js'
import { randomId } from '../../util/random-id.js'
import { createChannelDesk } from '../channel-desk.js'
import { historyOf, limitOf, rangeOf } from '../channel-input.js'
import { createGatherer, type Gatherer } from '../gatherer.js'
import { decodeBody, decodeRecords, encodeBody, letterOf } from '../publication-codec.js'
import type { ChannelMessage } from '../stream-writer.js'
import { toBrokerError } from './broker-error.js'
import type { BrokerRedis } from './broker-redis.js'
import { type ChannelKeys, createChannelKeys } from './channel-keys.js'
import {
  HISTORY_SCRIPT,
  POSITIONS_SCRIPT,
  PUBLISH_SCRIPT,
  REMOVE_HISTORY_SCRIPT,
} from './channel-script.js'
import { createGapWatch, type GapWatch } from './gap-watch.js'
import { createMessageInbox, type MessageInbox } from './message-inbox.js'

export interface RedisChannelBrokerDeps {
  readonly redis: Pick<BrokerRedis, 'topics' | 'run'>
  /** Before the name of every key. */
  readonly keyPrefix: string
  readonly logger: Logger
  /** How long a stream is known after its last publication, in milliseconds. */
  readonly metaLifetimeMs: number
}

/**
 * Channels over Redis. Publications of one partition that come together go through one script, which numbers,
 * keeps and publishes them; so the order on the wire is that of the streams. Pub/sub forgets what nobody hears, so
 * `onUnsure` names the channels of a subscription that is in doubt: at once, again every 500 ms while it lasts, and
 * once more when it is over.
 */
export function createRedisChannelBroker(deps: RedisChannelBrokerDeps): ChannelBroker {
  return new RedisChannelBroker(deps)
}

class RedisChannelBroker implements ChannelBroker {
  readonly #deps: RedisChannelBrokerDeps
  readonly #desk
  readonly #keys: ChannelKeys
  readonly #gatherer: Gatherer<ChannelMessage, PublishOutcome>
  readonly #gaps: GapWatch
  readonly #inbox: MessageInbox
  /** Channel by the name of its topic. */
  readonly #subscribed = new Map<string, string>()

  constructor(deps: RedisChannelBrokerDeps) {
    this.#deps = deps
    const { topics } = deps.redis
    this.#desk = createChannelDesk(deps)
    this.#keys = createChannelKeys(deps.keyPrefix, topics.tags)
    this.#gatherer = createGatherer({ run: (_tag, messages) => this.#send(messages) })
    this.#gaps = createGapWatch({
      isSound: (tag) => topics.isSound(tag),
      report: (why, tags) => this.#desk.reportUnsure(this.#channelsOf(tags), why),
    })
    this.#inbox = createMessageInbox({
      handle: (topic, message) => this.#receive(topic, message),
      onOverflow: (dropped) => {
        deps.logger.error({ dropped }, 'publications come faster than they are handled')
        this.#desk.reportUnsure(null, 'publications were dropped')
      },
    })
  }

  async start(listener: ChannelListener): Promise<void> {
    this.#desk.open(listener)
    try {
      await this.#deps.redis.topics.listen({
        onMessage: (topic, message) => this.#inbox.push(topic, message),
        onDoubt: (tags) => this.#gaps.enter(tags),
        onRestored: (tags) => this.#gaps.leave(tags),
      })
    } catch (error) {
      this.#deps.redis.topics.close()
      this.#desk.reset()
      throw toBrokerError(error)
    }
    if (this.#desk.isOpen) this.#gaps.start()
  }

  async subscribe(channel: string): Promise<void> {
    this.#desk.assertListening()
    const topic = this.#keys.topic(channel)
    this.#subscribed.set(topic, channel)
    try {
      await this.#deps.redis.topics.subscribe(this.#keys.tagOf(channel), topic)
    } catch (error) {
      this.#subscribed.delete(topic)
      throw toBrokerError(error)
    }
  }

  async unsubscribe(channel: string): Promise<void> {
    const topic = this.#keys.topic(channel)
    if (!this.#subscribed.delete(topic)) return
    this.#deps.redis.topics.unsubscribe(this.#keys.tagOf(channel), topic)
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
    const { after, before } = rangeOf(query)
    const reply = await this.#run(
      HISTORY_SCRIPT,
      [this.#keys.stream(channel), this.#keys.meta(channel)],
      [
        ...[randomId(), String(this.#deps.metaLifetimeMs), String(after), String(before)],
        ...[String(limitOf(query)), query.reverse ? '1' : '0'],
      ],
    )
    const [epoch = '', top, ...pairs] = reply
    const publications: Publication[] = []
    for (let index = 0; index < pairs.length; index += 2) {
      const content = decodeBody(pairs[index + 1] ?? '')
      if (content) publications.push({ offset: Number(pairs[index]), ...content })
    }
    return { publications, position: { offset: Number(top), epoch } }
  }

  async removeHistory(channel: string): Promise<void> {
    await this.#run(REMOVE_HISTORY_SCRIPT, [this.#keys.stream(channel)], [])
  }

  async positions(channels: readonly string[]): Promise<ReadonlyMap<string, StreamPosition>> {
    const byTag = groupBy(channels, (channel) => this.#keys.tagOf(channel))
    const pages = await Promise.all([...byTag.values()].map((part) => this.#positionsOf(part)))
    return new Map(pages.flat())
  }

  async close(): Promise<void> {
    const isFirst = this.#desk.close()
    this.#gaps.close()
    this.#inbox.close()
    await this.#gatherer.settled()
    if (isFirst) this.#deps.redis.topics.close()
  }

  async #postPresence(kind: 'join' | 'leave', channel: string, info: ClientInfo): Promise<void> {
    const body = encodeBody({ data: '', info, tags: null })
    await this.#post({ channel, kind, body, history: null, idempotency: null })
  }

  async #post(message: ChannelMessage): Promise<PublishOutcome> {
    this.#desk.assertUsable()
    return this.#gatherer.post(this.#keys.tagOf(message.channel), message, message.body.length)
  }

  async #send(messages: readonly ChannelMessage[]): Promise<readonly PublishOutcome[]> {
    const { topics } = this.#deps.redis
    const args = [topics.publishCommand, randomId(), String(this.#deps.metaLifetimeMs)]
    const keys: string[] = []
    // The order of the messages of a channel is kept, and that is all that their subscribers see.
    const byChannel = groupBy(messages.keys(), (index) => messages[index]?.channel ?? '')
    for (const [channel, indexes] of byChannel) {
      keys.push(this.#keys.stream(channel), this.#keys.meta(channel))
      args.push(this.#keys.topic(channel), String(indexes.length))
      for (const index of indexes) this.#encode(messages[index], keys, args)
    }
    const reply = await this.#runOpen(PUBLISH_SCRIPT, keys, args)
    const outcomes: PublishOutcome[] = []
    for (const [place, index] of [...byChannel.values()].flat().entries()) {
      const position = parsePosition(reply[2 * place] ?? '')
      outcomes[index] = { position, duplicate: reply[2 * place + 1] === '1' }
    }
    return outcomes
  }

  #encode(message: ChannelMessage | undefined, keys: string[], args: string[]): void {
    if (!message) return
    const { channel, kind, body, history, idempotency } = message
    const keyLifetimeMs = Math.max(0, Math.trunc(idempotency?.lifetimeMs ?? 0))
    if (idempotency && keyLifetimeMs > 0) {
      keys.push(this.#keys.idempotency(channel, idempotency.key))
    }
    args.push(
      ...[letterOf(kind), String(history?.size ?? 0), String(history?.lifetimeMs ?? 0)],
      ...[String(keyLifetimeMs), body],
    )
  }

  async #positionsOf(channels: readonly string[]): Promise<(readonly [string, StreamPosition])[]> {
    const keys = channels.map((channel) => this.#keys.meta(channel))
    const reply = await this.#run(POSITIONS_SCRIPT, keys, [])
    return channels.flatMap((channel, index) => {
      const [epoch = '', offset] = reply.slice(2 * index, 2 * index + 2)
      return epoch === '' ? [] : [[channel, { offset: Number(offset), epoch }] as const]
    })
  }

  /** The reply as a list of texts. */
  async #run(
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly string[]> {
    this.#desk.assertUsable()
    return this.#runOpen(script, keys, args)
  }

  /** Also while this broker closes: what was posted before is done. */
  async #runOpen(
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly string[]> {
    const [first, ...others] = keys
    if (first === undefined) return []
    try {
      const reply = await this.#deps.redis.run(script, [first, ...others], args)
      return Array.isArray(reply) ? (reply as unknown[]).map(String) : []
    } catch (error) {
      throw toBrokerError(error)
    }
  }

  #receive(topic: string, message: string): void {
    const channel = this.#subscribed.get(topic)
    if (channel === undefined) return
    const records = decodeRecords(message)
    if (records === null) this.#desk.skip(channel)
    for (const record of records ?? []) this.#desk.deliver(channel, record)
  }

  #channelsOf(tags: readonly string[]): readonly string[] {
    const wanted = new Set(tags)
    return [...this.#subscribed.values()].filter((channel) => wanted.has(this.#keys.tagOf(channel)))
  }
}

function parsePosition(text: string): StreamPosition | null {
  const space = text.indexOf(' ')
  if (space < 0) return null
  return { offset: Number(text.slice(0, space)), epoch: text.slice(space + 1) }
}
