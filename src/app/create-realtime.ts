import type { Config } from '../config/schema.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Logger } from '../domain/logger.js'
import { type Channels, createChannels } from '../realtime/channels.js'
import { type ClientRegistry, createClientRegistry } from '../realtime/client-registry.js'
import { createEmulationSessions, type EmulationSessions } from '../realtime/emulation-sessions.js'
import { type Channel, createNamespaces, type Namespaces } from '../realtime/namespace.js'
import { createPresenceKeeper, type PresenceKeeper } from '../realtime/presence-keeper.js'
import { createReceiptLog, type ReceiptLog } from '../realtime/receipt-log.js'
import { createChannelCounts, type ChannelCounts } from '../realtime/channel-counts.js'
import { startStep } from './start-step.js'

/** How long a channel stays open for those that come back at once. */
const CHANNEL_IDLE_MS = 2_000

export interface RealtimeDeps {
  readonly config: Config
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly logger: Logger
}

/** Channels and their connections in this process. */
export interface Realtime {
  readonly namespaces: Namespaces
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly channels: Channels
  readonly presenceKeeper: PresenceKeeper
  readonly receipts: ReceiptLog
  readonly clients: ClientRegistry
  readonly emulation: EmulationSessions
  readonly counts: ChannelCounts
  /** Begins to listen, where there will be connections. Raises UNAVAILABLE. */
  start(): Promise<void>
  /** Stops; the stores are closed by whoever opened them. */
  close(): Promise<void>
}

/** Puts the channels of one process together. Raises INVALID_ARGUMENT for namespaces that contradict themselves. */
export function createRealtime(deps: RealtimeDeps): Realtime {
  const { channelBroker, presence, logger } = deps
  const { realtime } = deps.config
  const namespaces = createNamespaces(realtime.defaults, realtime.namespaces)
  const receipts = createReceiptLog()
  const counts = createChannelCounts()
  const channels = createChannels(
    {
      broker: channelBroker,
      receipts,
      logger,
      counts,
    },
    { ...realtime, idleMs: CHANNEL_IDLE_MS },
  )
  const presenceKeeper = createPresenceKeeper({
    ...{ broker: channelBroker, presence, logger },
    findChannel: (channel) => findOrNull(namespaces, channel),
    refreshMs: realtime.presenceRefreshMs,
  })
  return {
    ...{ namespaces, channelBroker, presence, channels, presenceKeeper, receipts, counts },
    clients: createClientRegistry(),
    emulation: createEmulationSessions(),
    async start() {
      await startStep(() => channels.start())
      await startStep(() => presenceKeeper.start())
    },
    async close() {
      await channels.close()
      await presenceKeeper.close()
    },
  }
}

/** A channel of a namespace that another process knows and this one does not is none of its business. */
function findOrNull(namespaces: Namespaces, channel: string): Channel | null {
  try {
    return namespaces.find(channel)
  } catch {
    return null
  }
}
