import type { Writable } from 'node:stream'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Config } from '../config/schema.js'
import type { ClientLabeler } from '../domain/client.js'
import type { Broker } from '../domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { SubscriptionTokens } from '../domain/subscription-token.js'
import type { KeyAdmin, PublicKeySource } from '../domain/token.js'
import { createHub, type Hub } from '../realtime/hub.js'
import { createSessionHandles, type SessionHandles } from '../realtime/session-handles.js'
import { createSessionMonitor } from '../service/session-monitor.js'
import { createSurveyHandlers } from '../service/survey-handlers.js'
import { createAuth } from './create-auth.js'
import { createRealtime, type Realtime } from './create-realtime.js'
import { createLogger } from './create-logger.js'
import { createServices, type Services } from './create-services.js'
import { createLifecycle, type Lifecycle } from './lifecycle.js'
import { openStore, type Store } from './open-store.js'
import { createReadiness, type SwitchableReadiness } from './readiness.js'
import { systemClock } from './system-clock.js'

const REGISTRATIONS_PER_CONNECTION_MAX = 64

export interface CoreOptions {
  readonly config: Config
  /** What this process is to the others and in the log: `http`, `socket`, `grpc`, `up` or `cli`. */
  readonly processKind: string
  /** Where the log goes. */
  readonly logStream: Writable & { readonly isTTY?: boolean }
}

/** Ports that a test may put in place of the real ones. */
export interface CoreOverrides {
  readonly clock?: Clock
  readonly channelBroker?: ChannelBroker
  readonly presence?: PresenceStore
}

/** What every process of the house has: opened once, shared by its services. */
export interface Core extends Services {
  readonly logger: Logger
  readonly clock: Clock
  readonly lifecycle: Lifecycle
  readonly readiness: SwitchableReadiness
  readonly registry: Registry
  readonly migrator: Store['migrator']
  readonly hub: Hub
  readonly sessionHandles: SessionHandles
  readonly channels: Realtime
  readonly broker: Broker
  /** This process among the others. */
  readonly processId: string
  readonly subscriptionTokens: SubscriptionTokens
  readonly keys: KeyAdmin
  readonly publicKeys: PublicKeySource
  readonly clientLabeler: ClientLabeler
}

/**
 * Opens the store, brings its schema up to date, loads (or first makes) the keys and joins the other
 * processes. What was opened is closed again when a later step fails.
 */
export async function createCore(
  options: CoreOptions,
  overrides: CoreOverrides = {},
): Promise<Core> {
  const { config, processKind, logStream } = options
  const logger = await createLogger({ ...config.log, service: processKind, stream: logStream })
  const lifecycle = createLifecycle({ logger, deadlineMs: config.shutdown.deadlineMs })
  try {
    const base = { logger, lifecycle, clock: overrides.clock ?? systemClock }
    return await openCore(options, base, overrides)
  } catch (error) {
    await lifecycle.close().catch(() => undefined)
    throw error
  }
}

async function openCore(
  { config, processKind }: CoreOptions,
  base: { logger: Logger; lifecycle: Lifecycle; clock: Clock },
  overrides: CoreOverrides,
): Promise<Core> {
  const { logger, lifecycle, clock } = base
  const store = await openStore({ config, clock, logger, processKind })
  lifecycle.onClose('store', () => store.close())
  await store.migrator.up()

  const auth = await createAuth({ config, clock, logger })
  lifecycle.onClose('key ring', () => auth.keyRing.close())

  const channelBroker = overrides.channelBroker ?? store.channelBroker
  const presence = overrides.presence ?? store.presence
  const channels = createRealtime({ config, channelBroker, presence, logger })
  const line = await joinProcesses(store, channels, config, base)
  lifecycle.onClose('channels', () => channels.close())
  const { namespaces } = channels
  const ports = { ...store, channelBroker, presence, namespaces }
  return {
    ...base,
    ...line,
    ...createServices({ ...ports, config, clock, logger, auth }),
    channels,
    broker: store.broker,
    processId: store.broker.processId,
    subscriptionTokens: auth.subscriptionTokens,
    readiness: createReadiness(store.checks),
    registry: new Registry(),
    migrator: store.migrator,
    keys: auth.keys,
    publicKeys: auth.keyRing,
    clientLabeler: auth.clientLabeler,
  }
}

/** What is open in this process, the answers it gives the others, and the watch over both. */
async function joinProcesses(
  { broker, sessionStore }: Store,
  channels: Realtime,
  config: Config,
  { logger, lifecycle, clock }: { logger: Logger; lifecycle: Lifecycle; clock: Clock },
): Promise<{ hub: Hub; sessionHandles: SessionHandles }> {
  const hub = createHub({
    connectionsMax: config.socket.connectionsMax,
    registrationsPerConnectionMax: REGISTRATIONS_PER_CONNECTION_MAX,
  })
  const sessionHandles = createSessionHandles()
  const monitor = createSessionMonitor({
    ...{ sessionStore, clock, logger, handles: sessionHandles },
    sweepIntervalMs: config.session.sweepIntervalMs,
  })
  const handlers = createSurveyHandlers({
    ...{ ...channels, processId: broker.processId, hub },
    handles: sessionHandles,
  })
  await broker.start(handlers, () => void monitor.sweepNow())
  lifecycle.onClose('broker', () => broker.close())
  monitor.start()
  lifecycle.onClose('session monitor', () => monitor.close())
  return { hub, sessionHandles }
}
