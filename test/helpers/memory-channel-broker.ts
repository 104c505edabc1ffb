import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  Publication,
  PublishOptions,
  StreamPosition,
} from '../../src/domain/channel-broker.js'
import { AppError } from '../../src/errors/app-error.js'

interface Stream {
  readonly epoch: string
  top: number
  kept: { readonly publication: Publication; readonly expiresAt: number }[]
}

type Process = { readonly listener: ChannelListener; readonly channels: Set<string> }

/** What the brokers of several processes share: the plainest thing that keeps the contract. */
export interface MemoryChannels {
  /** One process more; not started. */
  readonly createBroker: () => ChannelBroker
  /** Loses every stream, as a store that was emptied. */
  readonly loseStreams: () => void
  /** Tells every process that messages may have been lost. */
  readonly reportUnsure: (channels?: readonly string[] | null) => void
}

/** `now` in milliseconds. */
export function createMemoryChannels(now: () => number = Date.now): MemoryChannels {
  const streams = new Map<string, Stream>()
  const keys = new Map<string, { position: StreamPosition | null; expiresAt: number }>()
  const processes = new Set<Process>()
  let epochs = 0

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
    for (const { listener, channels } of processes) {
      try {
        if (channels.has(channel)) say(listener)
      } catch {
        // As the real ones, which log it.
      }
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
    const use = (): void => {
      if (isClosed) throw closed()
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
        if (!process || isClosed) throw closed()
        process.channels.add(channel)
      },
      async unsubscribe(channel) {
        process?.channels.delete(channel)
      },
      async publish(channel, data, { history, idempotency, info, tags }) {
        use()
        const key = `${channel.length} ${channel} ${idempotency?.key}`
        const used = idempotency && keys.get(key)
        if (used && used.expiresAt > now()) return { position: used.position, duplicate: true }
        const publication = { offset: 0, data, info, tags }
        const position = history && history.size > 0 ? append(channel, publication, history) : null
        if (idempotency) {
          keys.set(key, { position, expiresAt: now() + idempotency.lifetimeMs })
        }
        const { offset, epoch } = position ?? { offset: 0, epoch: '' }
        tell(channel, (to) => to.onPublication(channel, { ...publication, offset }, epoch))
        return { position, duplicate: false }
      },
      async publishJoin(channel: string, info: ClientInfo) {
        use()
        tell(channel, (to) => to.onJoin(channel, info))
      },
      async publishLeave(channel: string, info: ClientInfo) {
        use()
        tell(channel, (to) => to.onLeave(channel, info))
      },
      async history(channel, { since, limit, reverse }) {
        use()
        const { epoch, top, kept } = open(channel)
        const all = kept.map(({ publication }) => publication)
        const page = reverse
          ? all.reverse().filter(({ offset }) => since === null || offset < since.offset)
          : all.filter(({ offset }) => since === null || offset > since.offset)
        return { publications: page.slice(0, limit), position: { offset: top, epoch } }
      },
      async removeHistory(channel) {
        use()
        const stream = streams.get(channel)
        if (stream) stream.kept = []
      },
      async positions(channels) {
        use()
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
    loseStreams: () => streams.clear(),
    reportUnsure(channels = null) {
      for (const { listener } of processes) listener.onUnsure(channels)
    },
  }
}

function closed(): AppError {
  return new AppError('UNAVAILABLE', 'broker_closed', 'The line to the processes is closed.')
}
