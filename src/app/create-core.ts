import type { Writable } from 'node:stream'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Config } from '../config/schema.js'
import type { ClientLabeler } from '../domain/client.js'
import type { Broker } from '../domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { SubscriptionTokens } from '../domain/subscription-token.js'
import type { KeyDropper, PublicKeySource } from '../domain/token.js'
import { type AuthObservers, createAuthObservers } from '../realtime/auth-observers.js'
import { createHub, type Hub } from '../realtime/hub.js'
import { createSessionHandles, type SessionHandles } from '../realtime/session-handles.js'
import { createAnnouncedUsers } from '../service/announced-users.js'
import { createRevocationFeed, type RevocationFeed } from '../service/revocation-feed.js'
import { createOauthService, type OauthService } from '../service/oauth-service.js'
import { createSessionMonitor } from '../service/session-monitor.js'
import type { SessionRepair } from '../service/session-repair.js'
import { createSurveyHandlers } from '../service/survey-handlers.js'
import { createUserDirectory, type UserDirectory } from '../service/user-directory.js'
import { createAuth } from './create-auth.js'
import { createRealtime, type Realtime } from './create-realtime.js'
import { createLogger } from './create-logger.js'
import { createServices, type Services } from './create-services.js'
import { createWriteNotice } from './write-notice.js'
import { createLifecycle, type Lifecycle } from './lifecycle.js'
import { openStore, type Store } from './open-store.js'
import { createReadiness, type SwitchableReadiness } from './readiness.js'
import { startStep } from './start-step.js'
import { systemClock } from './system-clock.js'

const REGISTRATIONS_PER_CONNECTION_MAX = 64
/** How long ended sessions stay in the log at least, so that a reader may be away for a while. */
const REVOCATION_RETENTION_MS_MIN = 3_600_000
/** Longer than a token lives, for clocks that differ and a snapshot that is being read. */
const REVOCATION_MARGIN_MS = 600_000
const REVOCATION_POLL_MS = 1_000
const REVOCATION_HEARTBEAT_MS = 10_000

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
  readonly transactions: Store['transactions']
  readonly hub: Hub
  readonly sessionHandles: SessionHandles
  readonly revocations: RevocationFeed
  readonly authObservers: AuthObservers
  readonly channels: Realtime
  readonly broker: Broker
  /** This process among the others. */
  readonly processId: string
  readonly subscriptionTokens: SubscriptionTokens
  readonly publicKeys: PublicKeySource
  readonly clientLabeler: ClientLabeler
  readonly oauthLabeler: ClientLabeler
  readonly oauth: OauthService
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
  await startStep(() => store.migrator.up())

  const auth = await createAuth({ config, clock, logger })
  lifecycle.onClose('key ring', () => auth.keyRing.close())

  const { broker } = store
  const userDirectory = createUserDirectory({ users: store.users, clock })
  const announce = createWriteNotice({ broker, logger, timeoutMs: config.broker.surveyTimeoutMs })
  // A store with replicas announces every write by itself.
  const users = store.replicated
    ? store.users
    : createAnnouncedUsers({ users: store.users, announce })
  const channelBroker = overrides.channelBroker ?? store.channelBroker
  const presence = overrides.presence ?? store.presence
  const channels = createRealtime({ config, channelBroker, presence, logger })
  const { namespaces } = channels
  const ports = { ...store, users, userDirectory, channelBroker, presence, namespaces }
  const services = createServices({ ...ports, config, clock, logger, auth })
  const line = await joinProcesses(
    { ...store, userDirectory, channels, keys: auth.keyRing, repair: services.sessionRepair },
    config,
    base,
  )
  lifecycle.onClose('channels', () => channels.close())
  store.replicated?.onWrite(announce)
  return {
    ...base,
    ...line,
    ...services,
    oauth: createOauthService({
      ...{ ...store, ...auth, users, clock, logger },
      sessions: services.sessions,
    }),
    channels,
    broker,
    processId: broker.processId,
    subscriptionTokens: auth.subscriptionTokens,
    readiness: createReadiness(store.checks),
    registry: new Registry(),
    migrator: store.migrator,
    transactions: store.transactions,
    publicKeys: auth.keyRing,
    clientLabeler: auth.clientLabeler,
    oauthLabeler: auth.oauthLabeler,
  }
}

/** What answers the others beside the stores. */
interface Companions {
  readonly userDirectory: UserDirectory
  readonly channels: Realtime
  readonly keys: KeyDropper
  readonly repair: SessionRepair
}

/** What is open in this process, the answers it gives the others, and the watch over both. */
async function joinProcesses(
  {
    broker,
    sessionStore,
    revocationLog,
    replicated,
    userDirectory,
    channels,
    keys,
    repair,
  }: Store & Companions,
  config: Config,
  { logger, lifecycle, clock }: { logger: Logger; lifecycle: Lifecycle; clock: Clock },
): Promise<Pick<Core, 'hub' | 'sessionHandles' | 'revocations' | 'authObservers'>> {
  const hub = createHub({
    connectionsMax: config.socket.connectionsMax,
    registrationsPerConnectionMax: REGISTRATIONS_PER_CONNECTION_MAX,
  })
  const sessionHandles = createSessionHandles()
  const authObservers = createAuthObservers()
  const { accessTokenSeconds } = config.auth
  const revocations = createRevocationFeed(
    { revocationLog, clock },
    {
      accessTokenSeconds,
      pollIntervalMs: REVOCATION_POLL_MS,
      heartbeatIntervalMs: REVOCATION_HEARTBEAT_MS,
    },
  )
  const monitor = createSessionMonitor({
    ...{ sessionStore, revocationLog, repair, clock, logger, handles: sessionHandles },
    revocationRetentionMs: Math.max(
      REVOCATION_RETENTION_MS_MIN,
      accessTokenSeconds * 1_000 + REVOCATION_MARGIN_MS,
    ),
    sweepIntervalMs: config.session.sweepIntervalMs,
  })
  const handlers = createSurveyHandlers({
    ...{ ...channels, processId: broker.processId, hub, sessionStore, userDirectory },
    ...{ handles: sessionHandles, observers: authObservers, revocations, keys },
    isSure: () => monitor.isSure(),
    noteWrite: replicated && ((userIds) => replicated.noteForeignWrite(userIds)),
  })
  const onGap = (): void => {
    // The news of any write may be among what was lost.
    replicated?.noteForeignWrite(null)
    userDirectory.forget(null)
    void monitor.sweepNow()
  }
  await startStep(() => broker.start(handlers, onGap))
  lifecycle.onClose('broker', () => broker.close())
  // Nobody has told this process of what was written after its store was opened and before it could hear of it.
  replicated?.noteForeignWrite(null)
  monitor.start()
  lifecycle.onClose('session monitor', () => monitor.close())
  return { hub, sessionHandles, revocations, authObservers }
}
