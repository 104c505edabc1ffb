import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  Publication,
  PublishOptions,
  StreamPosition,
} from '../../src/domain/channel-broker.js'
import { AppError } from '../../src/errors/app-error.js'
import { createMemoryPresence, type MemoryPresence } from './memory-presence-store.js'

interface Stream {
  readonly epoch: string
  top: number
  kept: { readonly publication: Publication; readonly expiresAt: number }[]
}

type Process = { readonly listener: ChannelListener; readonly channels: Set<string> }

/**
 * What several processes, which are only objects in this one, share: the plainest thing that keeps the contract, and
 * fails on request. Messages arrive in a later turn of the event loop, in order.
 */
export interface MemoryChannels {
  /** The line of one process more; not started. */
  readonly createBroker: () => ChannelBroker
  /** Who is on the channels; it goes down together with them. */
  readonly presence: MemoryPresence
  /** Loses every stream, as a store that was emptied, or one of them. */
  readonly loseStreams: (channel?: string) => void
  /** Tells every process that messages may have been lost. */
  readonly reportUnsure: (channels?: readonly string[] | null) => void
  /** The next `count` publications are kept but reach nobody. */
  readonly loseNext: (count: number) => void
  /** Everything raises UNAVAILABLE until set to false again. */
  readonly setDown: (isDown: boolean) => void
  /** Holds back answers to `history` until the returned function is called. */
  readonly holdHistory: () => () => void
  /** How often each method was called, those of presence as `presence.add`. */
  readonly calls: ReadonlyMap<string, number>
  /** Channels that some process is subscribed to, sorted. */
  readonly subscribed: () => string[]
}

/** `now` in milliseconds. */
export function createMemoryChannels(now: () => number = Date.now): MemoryChannels {
  const streams = new Map<string, Stream>()
  const keys = new Map<string, { position: StreamPosition | null; expiresAt: number }>()
  const processes = new Set<Process>()
  const calls = new Map<string, number>()
  let epochs = 0
  let losing = 0
  let isDown = false
  let gate: Promise<void> = Promise.resolve()

  function note(name: string): void {
    calls.set(name, (calls.get(name) ?? 0) + 1)
    if (isDown) throw new AppError('UNAVAILABLE', 'broker_unavailable', 'The broker is away.')
  }

  function open(channel: string): Stream {
    const known = streams.get(channel)
    if (known) {
      known.kept = known.kept.filter(({ expiresAt }) => expiresAt > now())
      return known
    }
    epochs += 1
    const stream = { epoch: `epoch-${epochs}`, top: 0, kept: [] }
    streams.set(channel, stream)
    return stream
  }

  function tell(channel: string, say: (listener: ChannelListener) => void): void {
    for (const process of processes) {
      if (!process.channels.has(channel)) continue
      setImmediate(() => {
        if (!processes.has(process) || !process.channels.has(channel)) return
        try {
          say(process.listener)
        } catch {
          // As the real ones, which log it.
        }
      })
    }
  }

  function append(
    channel: string,
    publication: Publication,
    { size, lifetimeMs }: NonNullable<PublishOptions['history']>,
  ): StreamPosition {
    const stream = open(channel)
    stream.top += 1
    const numbered = { ...publication, offset: stream.top }
    stream.kept.push({ publication: numbered, expiresAt: now() + lifetimeMs })
    stream.kept = stream.kept.slice(-size)
    return { offset: stream.top, epoch: stream.epoch }
  }

  function createBroker(): ChannelBroker {
    let process: Process | undefined
    let isClosed = false
    const use = (name: string): void => {
      if (isClosed) throw closed()
      note(name)
    }
    return {
      async start(listener) {
        if (process || isClosed) {
          throw new AppError('INTERNAL', 'broker_started', 'A broker is started once.')
        }
        process = { listener, channels: new Set() }
        processes.add(process)
      },
      async subscribe(channel) {
        if (!process) throw closed()
        use('subscribe')
        process.channels.add(channel)
      },
      async unsubscribe(channel) {
        note('unsubscribe')
        process?.channels.delete(channel)
      },
      async publish(channel, data, { history, idempotency, info, tags }) {
        use('publish')
        const key = `${channel.length} ${channel} ${idempotency?.key}`
        const used = idempotency && keys.get(key)
        if (used && used.expiresAt > now()) return { position: used.position, duplicate: true }
        const publication = { offset: 0, data, info, tags }
        const position = history && history.size > 0 ? append(channel, publication, history) : null
        if (idempotency) {
          keys.set(key, { position, expiresAt: now() + idempotency.lifetimeMs })
        }
        const { offset, epoch } = position ?? { offset: 0, epoch: '' }
        if (losing > 0) losing -= 1
        else tell(channel, (to) => to.onPublication(channel, { ...publication, offset }, epoch))
        return { position, duplicate: false }
      },
      async publishJoin(channel: string, info: ClientInfo) {
        use('publishJoin')
        tell(channel, (to) => to.onJoin(channel, info))
      },
      async publishLeave(channel: string, info: ClientInfo) {
        use('publishLeave')
        tell(channel, (to) => to.onLeave(channel, info))
      },
      async history(channel, { since, limit, reverse }) {
        use('history')
        const { epoch, top, kept } = open(channel)
        const all = kept.map(({ publication }) => publication)
        const page = reverse
          ? all.reverse().filter(({ offset }) => since === null || offset < since.offset)
          : all.filter(({ offset }) => since === null || offset > since.offset)
        const answer = { publications: page.slice(0, limit), position: { offset: top, epoch } }
        await gate
        return answer
      },
      async removeHistory(channel) {
        use('removeHistory')
        const stream = streams.get(channel)
        if (stream) stream.kept = []
      },
      async positions(channels) {
        use('positions')
        return new Map(
          channels.flatMap((channel) => {
            const stream = streams.get(channel)
            return stream ? [[channel, { offset: stream.top, epoch: stream.epoch }]] : []
          }),
        )
      },
      async close() {
        isClosed = true
        if (process) processes.delete(process)
      },
    }
  }

  return {
    createBroker,
    presence: createMemoryPresence((name) => note(`presence.${name}`)),
    calls,
    loseStreams(channel) {
      if (channel === undefined) streams.clear()
      else streams.delete(channel)
    },
    loseNext: (count) => void (losing += count),
    setDown: (value) => void (isDown = value),
    holdHistory() {
      let open = (): void => {}
      gate = new Promise((resolve) => (open = resolve))
      return open
    },
    subscribed: () => [...new Set([...processes].flatMap(({ channels }) => [...channels]))].sort(),
    reportUnsure(channels = null) {
      for (const { listener } of processes) listener.onUnsure(channels)
    },
  }
}

function closed(): AppError {
  return new AppError('UNAVAILABLE', 'broker_closed', 'The line to the processes is closed.')
}
