import type { ClientInfo } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import { channelsClosed, channelsStarted } from './channel-input.js'

export interface PresenceDeskDeps {
  /** Any clock of this process that does not step back. */
  readonly clock: Clock
  readonly logger: Logger
  readonly leaseMs: number
}

/** What every presence store does with its caller and its time, whatever keeps the entries. */
export interface PresenceDesk {
  /** Raises INTERNAL (`broker_started`) the second time and after `close`. */
  open(onSwept: (channel: string, info: ClientInfo) => void, onLost: () => void): void
  /** Takes `open` back, after a start that failed. */
  reset(): void
  readonly isOpen: boolean
  /** Raises UNAVAILABLE (`broker_closed`) after `close`. */
  assertUsable(): void
  /** Raises INTERNAL (`presence_not_started`) before `open`, UNAVAILABLE (`broker_closed`) after `close`. */
  assertEntering(): void
  /** The entries of this process may be gone. */
  reportLost(): void
  /** Also while this store closes: nobody else has got these. */
  reportSwept(entries: readonly { readonly channel: string; readonly info: ClientInfo }[]): void
  /**
   * Whether this process may judge others: when it could not renew its own lease, neither could they, perhaps, and
   * they get the time of a lease to show that they live.
   */
  readonly maySweep: boolean
  /** True the first time. */
  close(): boolean
}

export function createPresenceDesk({ clock, logger, leaseMs }: PresenceDeskDeps): PresenceDesk {
  let callbacks:
    { onSwept: (channel: string, info: ClientInfo) => void; onLost: () => void } | undefined
  let isClosed = false
  let sweepsFrom = Infinity

  function guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      logger.error({ err: error }, 'a presence listener failed')
    }
  }

  return {
    open(onSwept, onLost) {
      if (callbacks || isClosed) throw channelsStarted()
      callbacks = { onSwept, onLost }
      sweepsFrom = clock.now() + leaseMs
    },
    reset() {
      callbacks = undefined
    },
    get isOpen() {
      return callbacks !== undefined && !isClosed
    },
    assertUsable() {
      if (isClosed) throw channelsClosed()
    },
    assertEntering() {
      if (isClosed) throw channelsClosed()
      if (callbacks) return
      throw new AppError('INTERNAL', 'presence_not_started', 'Presence has not been started.')
    },
    reportLost() {
      sweepsFrom = clock.now() + leaseMs
      logger.warn({}, 'the presence of this process may have been swept')
      if (!isClosed) guard(() => callbacks?.onLost())
    },
    reportSwept(entries) {
      for (const { channel, info } of entries) guard(() => callbacks?.onSwept(channel, info))
    },
    get maySweep() {
      return !isClosed && clock.now() >= sweepsFrom
    },
    close() {
      const isFirst = !isClosed
      isClosed = true
      return isFirst
    },
  }
}
