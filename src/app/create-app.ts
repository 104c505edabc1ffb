import type { Writable } from 'node:stream'
import type { Config } from '../config/schema.js'
import { formatAddress } from '../errors/listen-error.js'
import { type Core, type CoreOverrides, createCore } from './create-core.js'
import type { RunningService, ServiceRunner, Siblings } from './service-runner.js'

export interface AppOptions {
  readonly config: Config
  readonly environment: string
  /** Where the log goes; standard output when not given. */
  readonly logStream?: Writable & { readonly isTTY?: boolean }
}

/** A process that has been put together; nothing is open before `start`. */
export interface App {
  /**
   * Opens the core, starts the services in order and turns readiness on. When a step fails, what was opened
   * is closed and the failure raised.
   */
  start(): Promise<RunningApp>
}

/** A started process, as the command line sees it. */
export interface RunningApp {
  readonly addresses: readonly { readonly name: string; readonly url: string }[]
  /** How to create the first administrator; null when there is one. */
  readonly firstRunHint: string | null
  readonly dataLocation: string
  readonly logger: Core['logger']
  /** Readiness off, services drained, everything closed; safe to call twice. Raises INTERNAL `close_failed`. */
  close(): Promise<void>
}

const FIRST_RUN_HINT =
  'No administrator yet. Create one: ' +
  'npx app user create --username admin --role admin --password-stdin'

/** The part of the deadline that the services get; the rest is for the stores behind them. */
const SERVICE_SHARE = 0.8

/** One process with the given services on one shared core. */
export function createApp(
  name: string,
  runners: readonly ServiceRunner[],
  options: AppOptions,
  overrides: CoreOverrides = {},
): App {
  return { start: () => start(name, runners, options, overrides) }
}

async function start(
  name: string,
  runners: readonly ServiceRunner[],
  { config, environment, logStream = process.stdout }: AppOptions,
  overrides: CoreOverrides,
): Promise<RunningApp> {
  const core = await createCore({ config, processKind: name, logStream }, overrides)
  const { lifecycle, logger, readiness } = core
  const running = new Map<string, RunningService>()
  lifecycle.onClose('services', () => closeServices([...running.values()], config))
  lifecycle.onClose('readiness', () => readiness.set(false))
  try {
    for (const runner of runners) {
      const grpc = running.get('grpc')?.address
      const siblings: Siblings = grpc === undefined ? {} : { grpc }
      const service = await runner.start(core, config, environment, siblings)
      running.set(runner.name, service)
      const address = formatAddress(service.address)
      logger.info({ listener: runner.name, address }, 'listening')
    }
    const firstRunHint = (await core.accounts.hasAdmin()) ? null : FIRST_RUN_HINT
    readiness.set(true)
    logger.info({ environment, dataDir: config.dataDir }, 'ready')
    return {
      addresses: [...running].map(([service, { address }]) => ({
        name: service,
        url: service === 'grpc' ? formatAddress(address) : `http://${formatAddress(address)}`,
      })),
      firstRunHint,
      dataLocation: config.dataDir,
      logger,
      close: () => lifecycle.close(),
    }
  } catch (error) {
    await lifecycle.close().catch(() => undefined)
    throw error
  }
}

/** Closes all services side by side, so that a slow one does not eat the time of the others. */
async function closeServices(services: readonly RunningService[], config: Config): Promise<void> {
  const deadlineMs = config.shutdown.deadlineMs * SERVICE_SHARE
  const results = await Promise.allSettled(services.map((service) => service.close(deadlineMs)))
  const failed = results.filter((result) => result.status === 'rejected')
  if (failed.length > 0) throw new AggregateError(failed.map(({ reason }) => reason as unknown))
}
