import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { LoadedConfig } from '../config/load-config.js'
import type { AdminApp, CliApps, MigrationApp } from './cli-apps.js'
import type { CliIo } from './cli-io.js'
import { printable } from './describe-failure.js'

/** What every command works with, and what it leaves behind for the end of the program. */
export interface CommandContext {
  readonly io: CliIo
  readonly apps: CliApps
  exitCode: number
  /** Print the stack of a failure. */
  debug: boolean
}

/** The options of every command that reads the configuration. */
export interface ConfigOptions {
  readonly env?: string
  readonly configDir?: string
}

/** Adds `--env` and `--config-dir`. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('--env <name>', 'environment: debug, dev, test or prod (default: APP_ENV, or debug)')
    .option(
      '--config-dir <folder>',
      'folder of common.yaml and the overlays (default: the shipped)',
    )
}

/** Adds the examples that close the help of a command. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`)
  return command.addHelpText('after', ['', 'Examples:', ...lines].join('\n'))
}

/** Loads the configuration and prints its warnings, once. Raises as `loadConfig` does. */
export async function loadCommandConfig(
  context: CommandContext,
  options: ConfigOptions,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<LoadedConfig> {
  const { env, cwd, stderr } = context.io
  context.debug = env['APP_LOG_LEVEL'] === 'debug'
  const { DEFAULT_CONFIG_DIR, loadConfig } = await import('../config/load-config.js')
  const loaded = await loadConfig({
    env,
    cwd,
    configDir:
      options.configDir === undefined ? DEFAULT_CONFIG_DIR : resolve(cwd, options.configDir),
    ...(options.env === undefined ? {} : { environment: options.env }),
    overrides,
  })
  context.debug = loaded.config.log.level === 'debug'
  for (const warning of loaded.warnings) stderr.write(`warning: ${printable(warning)}\n`)
  return loaded
}

/** Opens the operator's way to the stores for one piece of work and closes it whatever happens. */
export async function withAdmin<T>(
  { apps }: CommandContext,
  { config }: LoadedConfig,
  work: (admin: AdminApp) => Promise<T>,
): Promise<T> {
  return withOpened(await apps.openAdmin(config), work)
}

/** The same for the tables, which opening leaves as they are. */
export async function withMigrations<T>(
  { apps }: CommandContext,
  { config }: LoadedConfig,
  work: (migrations: MigrationApp) => Promise<T>,
): Promise<T> {
  return withOpened(await apps.openMigrations(config), work)
}

async function withOpened<A extends { close(): Promise<void> }, T>(
  app: A,
  work: (app: A) => Promise<T>,
): Promise<T> {
  let result: T
  try {
    result = await work(app)
  } catch (error) {
    // What went wrong first is what the operator needs to hear.
    await app.close().catch(() => undefined)
    throw error
  }
  await app.close()
  return result
}

/** Prints a value as indented JSON. */
export function printJson({ io }: CommandContext, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
