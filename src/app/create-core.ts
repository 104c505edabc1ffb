import type { Writable } from 'node:stream'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Config } from '../config/schema.js'
import type { ClientLabeler } from '../domain/client.js'
import type { Clock } from '../domain/clock.js'
import type { KeyAdmin, PublicKeySource } from '../domain/token.js'
import { createHub, type Hub } from '../realtime/hub.js'
import { createSessionHandles, type SessionHandles } from '../realtime/session-handles.js'
import { createAnnouncedUsers } from '../service/announced-users.js'
import { createSessionMonitor } from '../service/session-monitor.js'
import { createSurveyHandlers } from '../service/survey-handlers.js'
import { createUserDirectory, type UserDirectory } from '../service/user-directory.js'
import { createAuth } from './create-auth.js'
import { createLogger } from './create-logger.js'
import { createServices, type Services } from './create-services.js'
import { createWriteNotice } from './write-notice.js'
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
    return await openCore(options, { logger, lifecycle, clock: overrides.clock ?? systemClock })
  } catch (error) {
    await lifecycle.close().catch(() => undefined)
    throw error
  }
}

async function openCore(
  { config, processKind }: CoreOptions,
  base: { logger: Logger; lifecycle: Lifecycle; clock: Clock },
): Promise<Core> {
  const { logger, lifecycle, clock } = base
  const store = await openStore({ config, clock, logger, processKind })
  lifecycle.onClose('store', () => store.close())
  await store.migrator.up()

  const auth = await createAuth({ config, clock, logger })
  lifecycle.onClose('key ring', () => auth.keyRing.close())

  const { broker } = store
  const userDirectory = createUserDirectory({ users: store.users, clock })
  const announce = createWriteNotice({ broker, logger, timeoutMs: config.broker.surveyTimeoutMs })
  // A store with replicas announces every write by itself.
  const users = store.replicated
    ? store.users
    : createAnnouncedUsers({ users: store.users, announce })
  const line = await joinProcesses({ ...store, userDirectory }, config, base)
  store.replicated?.onWrite(announce)
  return {
    ...base,
    ...line,
    ...createServices({ ...store, users, userDirectory, config, clock, logger, auth }),
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
  {
    broker,
    sessionStore,
    replicated,
    userDirectory,
  }: Store & { readonly userDirectory: UserDirectory },
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
    ...{ handles: sessionHandles, hub, sessionStore, userDirectory },
    isSure: () => monitor.isSure(),
    noteWrite: replicated && ((userIds) => replicated.noteForeignWrite(userIds)),
  })
  await broker.start(handlers, () => {
    // The news of any write may be among what was lost.
    replicated?.noteForeignWrite(null)
    userDirectory.forget(null)
    void monitor.sweepNow()
  })
  lifecycle.onClose('broker', () => broker.close())
  monitor.start()
  lifecycle.onClose('session monitor', () => monitor.close())
  return { hub, sessionHandles }
}
