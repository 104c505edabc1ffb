import type { ChannelListener } from '../domain/channel-broker.js'
import type { Logger } from '../domain/logger.js'
import { channelsClosed, channelsStarted } from './channel-input.js'
import type { ChannelRecord } from './publication-codec.js'

/** What every channel broker does with its listener, whatever carries the records between the processes. */
export interface ChannelDesk {
  /** Begins to deliver. Raises INTERNAL (`broker_started`) the second time and after `close`. */
  open(listener: ChannelListener): void
  /** Takes `open` back, after a start that failed. */
  reset(): void
  readonly isOpen: boolean
  /** Raises UNAVAILABLE (`broker_closed`) after `close`. */
  assertUsable(): void
  /** Raises UNAVAILABLE (`broker_closed`) before `open` and after `close`. */
  assertListening(): void
  /** Gives a record to the listener; one that raises is logged. Nothing after `close`. */
  deliver(channel: string, record: ChannelRecord): void
  /** Says so when a record cannot be read: it may be one that is missed. */
  skip(channel: string): void
  /** Nothing when no channel is named. */
  reportUnsure(channels: readonly string[] | null, why: string): void
  /** True the first time. */
  close(): boolean
}

export function createChannelDesk({ logger }: { readonly logger: Logger }): ChannelDesk {
  let listener: ChannelListener | undefined
  let isClosed = false

  function guard(work: (listener: ChannelListener) => void): void {
    if (!listener || isClosed) return
    try {
      work(listener)
    } catch (error) {
      logger.error({ err: error }, 'a channel listener failed')
    }
  }

  function reportUnsure(channels: readonly string[] | null, why: string): void {
    if (channels?.length === 0) return
    logger.debug({ why, channels: channels?.length ?? 'all' }, 'publications may have been lost')
    guard((to) => to.onUnsure(channels))
  }

  return {
    open(to) {
      if (listener || isClosed) throw channelsStarted()
      listener = to
    },
    reset() {
      listener = undefined
    },
    get isOpen() {
      return listener !== undefined && !isClosed
    },
    assertUsable() {
      if (isClosed) throw channelsClosed()
    },
    assertListening() {
      if (isClosed || !listener) throw channelsClosed()
    },
    deliver(channel, { kind, epoch, ...publication }) {
      guard((to) => {
        if (kind === 'publication') to.onPublication(channel, publication, epoch)
        else if (publication.info === null) return
        else if (kind === 'join') to.onJoin(channel, publication.info)
        else to.onLeave(channel, publication.info)
      })
    },
    skip(channel) {
      logger.warn({ channel }, 'message skipped')
      reportUnsure([channel], 'a message cannot be read')
    },
    reportUnsure,
    close() {
      const isFirst = !isClosed
      isClosed = true
      return isFirst
    },
  }
}
