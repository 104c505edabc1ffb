import { AppError } from '../../src/errors/app-error.js'
import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  HistoryPage,
  HistoryQuery,
  PresenceStore,
  Publication,
  PublishOptions,
  PublishOutcome,
  StreamPosition,
} from '../../src/domain/channel-broker.js'

interface Stream {
  epoch: string
  offset: number
  publications: Publication[]
  readonly keys: Map<string, PublishOutcome>
}

interface Member {
  readonly channels: Set<string>
  listener: ChannelListener | null
}

/** Channels and presence of several processes that are only objects in this one. */
export interface MemoryChannels {
  /** The line of one more process. */
  createBroker(): ChannelBroker
  /** The presence of one more process. */
  createPresence(): PresenceStore & {
    /** Ends the process without a word; another one sweeps what it left. */
    die(): void
  }
  /** The next `count` publications are kept but reach nobody. */
  loseNext(count: number): void
  /** The stream begins again under another epoch. */
  forget(channel: string): void
  /** Everything raises UNAVAILABLE until set to false again. */
  setDown(isDown: boolean): void
  /** Holds back answers to `history` until the returned function is called. */
  holdHistory(): () => void
  /** Tells all processes that messages may have been lost. */
  doubt(channels: readonly string[] | null): void
  /** How often each method was called. */
  readonly calls: Map<string, number>
  /** Channels that some process is subscribed to. */
  subscribed(): string[]
}

/** Creates an empty line between processes. Messages arrive in a later turn of the event loop, in order. */
export function createMemoryChannels(): MemoryChannels {
  const streams = new Map<string, Stream>()
  const members = new Set<Member>()
  const calls = new Map<string, number>()
  const presences = new Set<Map<string, Map<string, ClientInfo>>>()
  const sweepers = new Map<object, (channel: string, info: ClientInfo) => void>()
  let epochs = 0
  let lose = 0
  let down = false
  let gate: Promise<void> = Promise.resolve()

  const note = (name: string): void => {
    calls.set(name, (calls.get(name) ?? 0) + 1)
    if (down) throw new AppError('UNAVAILABLE', 'broker_unavailable', 'The broker is away.')
  }
  const streamOf = (channel: string): Stream => {
    const known = streams.get(channel)
    if (known) return known
    epochs += 1
    const stream = { epoch: `epoch-${epochs}`, offset: 0, publications: [], keys: new Map() }
    streams.set(channel, stream)
    return stream
  }
  const tell = (channel: string, event: (listener: ChannelListener) => void): void => {
    for (const member of members) {
      if (!member.channels.has(channel)) continue
      setImmediate(() => {
        if (member.listener && member.channels.has(channel)) event(member.listener)
      })
    }
  }

  function publish(channel: string, data: string, options: PublishOptions): PublishOutcome {
    const stream = streamOf(channel)
    const first = options.idempotency && stream.keys.get(options.idempotency.key)
    if (first) return { ...first, duplicate: true }
    const { history, info, tags } = options
    if (history) stream.offset += 1
    const publication = { offset: history ? stream.offset : 0, data, info, tags }
    if (history) {
      stream.publications = [...stream.publications, publication].slice(-history.size)
    }
    const position = history ? { offset: stream.offset, epoch: stream.epoch } : null
    const outcome = { position, duplicate: false }
    if (options.idempotency) stream.keys.set(options.idempotency.key, outcome)
    if (lose > 0) lose -= 1
    else {
      const { epoch } = stream
      tell(channel, (listener) =>
        listener.onPublication(channel, publication, history ? epoch : ''),
      )
    }
    return outcome
  }

  function page(channel: string, { since, limit, reverse }: HistoryQuery): HistoryPage {
    const stream = streamOf(channel)
    const position = { offset: stream.offset, epoch: stream.epoch }
    const ordered = reverse ? [...stream.publications].reverse() : stream.publications
    const matching = ordered.filter(
      ({ offset }) => since === null || (reverse ? offset < since.offset : offset > since.offset),
    )
    return { publications: matching.slice(0, limit), position }
  }

  return {
    calls,
    loseNext: (count) => void (lose += count),
    forget: (channel) => void streams.delete(channel),
    setDown: (isDown) => void (down = isDown),
    holdHistory() {
      let open = (): void => {}
      gate = new Promise((resolve) => (open = resolve))
      return open
    },
    doubt(channels) {
      for (const { listener } of members) listener?.onUnsure(channels)
    },
    subscribed: () => [...new Set([...members].flatMap(({ channels }) => [...channels]))].sort(),
    createBroker() {
      const member: Member = { channels: new Set(), listener: null }
      return {
        async start(listener) {
          member.listener = listener
          members.add(member)
        },
        async subscribe(channel) {
          note('subscribe')
          member.channels.add(channel)
        },
        async unsubscribe(channel) {
          note('unsubscribe')
          member.channels.delete(channel)
        },
        async publish(channel, data, options) {
          note('publish')
          return publish(channel, data, options)
        },
        async publishJoin(channel, info) {
          note('publishJoin')
          tell(channel, (listener) => listener.onJoin(channel, info))
        },
        async publishLeave(channel, info) {
          note('publishLeave')
          tell(channel, (listener) => listener.onLeave(channel, info))
        },
        async history(channel, query) {
          note('history')
          const answer = page(channel, query)
          await gate
          return answer
        },
        async removeHistory(channel) {
          note('removeHistory')
          streamOf(channel).publications = []
        },
        async positions(channels) {
          note('positions')
          const found = new Map<string, StreamPosition>()
          for (const channel of channels) {
            const stream = streams.get(channel)
            if (stream) found.set(channel, { offset: stream.offset, epoch: stream.epoch })
          }
          return found
        },
        async close() {
          members.delete(member)
        },
      }
    },
    createPresence() {
      const own = new Map<string, Map<string, ClientInfo>>()
      presences.add(own)
      const everybody = (channel: string): ClientInfo[] =>
        [...presences].flatMap((presence) => [...(presence.get(channel)?.values() ?? [])])
      return {
        async start(onSwept) {
          note('presence.start')
          sweepers.set(own, onSwept)
        },
        async add(channel, info) {
          note('presence.add')
          const entries = own.get(channel) ?? new Map<string, ClientInfo>()
          const isNew = !entries.has(info.connectionId)
          own.set(channel, entries.set(info.connectionId, info))
          return isNew
        },
        async remove(channel, connectionId) {
          note('presence.remove')
          return own.get(channel)?.delete(connectionId) ?? false
        },
        async list(channel, limit) {
          note('presence.list')
          return everybody(channel).slice(0, limit)
        },
        async stats(channel) {
          note('presence.stats')
          const infos = everybody(channel)
          const users = new Set(infos.map(({ userId }) => userId)).size
          return { connections: infos.length, users }
        },
        async countOfUser(channel, userId) {
          note('presence.countOfUser')
          return everybody(channel).filter((info) => info.userId === userId).length
        },
        die() {
          presences.delete(own)
          sweepers.delete(own)
          const [sweep] = sweepers.values()
          for (const [channel, entries] of own) {
            for (const info of entries.values()) sweep?.(channel, info)
          }
        },
        async close() {
          presences.delete(own)
          sweepers.delete(own)
        },
      }
    },
  }
}
