import type { Command } from 'commander'
import type { LoadedConfig } from '../config/load-config.js'
import type { AdminApp } from './cli-apps.js'
import {
  addConfigOptions,
  addExamples,
  type CommandContext,
  type ConfigOptions,
  loadCommandConfig,
  printJson,
  withAdmin,
} from './command-context.js'
import { EXIT_OK } from './run-service.js'

/** What a command prints: its text, or `json` when `--json` is given. */
export interface CommandOutput {
  readonly text: string
  readonly json?: unknown
}

/** One use of a command. */
export interface CommandCall<Options> {
  readonly context: CommandContext
  readonly options: Options
  /** The arguments in their order; undefined where an optional one was left out. */
  readonly args: readonly (string | undefined)[]
  /** Ends the program with the exit code of a command line that makes no sense. */
  readonly refuse: (message: string) => never
  /** Loads the configuration, with these values over it. Raises as `loadConfig` does. */
  readonly load: (overrides?: Readonly<Record<string, unknown>>) => Promise<LoadedConfig>
  /** Loads the configuration and opens the operator's way to the stores for one piece of work. */
  readonly admin: <T>(work: (admin: AdminApp, loaded: LoadedConfig) => Promise<T>) => Promise<T>
}

export interface CommandDefinition<Options> {
  readonly name: string
  readonly description: string
  readonly examples: readonly string[]
  /** Adds the arguments and options of its own. */
  readonly configure?: (command: Command) => void
  /** False for a command that reads no configuration, and so has no options for it. */
  readonly configurable?: boolean
  /** What the help says about `--json`; without it there is no such option. */
  readonly json?: string
  /** Does the work; answers with what to print, or with an exit code when it has printed itself. */
  readonly run: (call: CommandCall<Options>) => Promise<CommandOutput | number>
}

/** What `--json` means to most commands. */
export const PRINT_JSON = 'print JSON'

/** Adds a group of commands, with examples of some of them. */
export function defineGroup(
  program: Command,
  name: string,
  description: string,
  examples: readonly string[],
): Command {
  return addExamples(program.command(name).description(description), examples)
}

/** Adds a command: its options, its examples, and the frame of each run. */
export function defineCommand<Options extends ConfigOptions>(
  parent: Command,
  context: CommandContext,
  definition: CommandDefinition<Options>,
): void {
  const command = parent.command(definition.name).description(definition.description)
  definition.configure?.(command)
  if (definition.configurable !== false) addConfigOptions(command)
  if (definition.json !== undefined) command.option('--json', definition.json)
  addExamples(command, definition.examples)
  command.action(async () => {
    const options = command.opts<Options & { readonly json?: true }>()
    const result = await definition.run(createCall(context, command, options))
    context.exitCode = typeof result === 'number' ? result : EXIT_OK
    if (typeof result === 'number') return
    if (options.json === true) printJson(context, result.json)
    else context.io.stdout.write(result.text)
  })
}

function createCall<Options extends ConfigOptions>(
  context: CommandContext,
  command: Command,
  options: Options,
): CommandCall<Options> {
  const load = (overrides: Readonly<Record<string, unknown>> = {}): Promise<LoadedConfig> =>
    loadCommandConfig(context, options, overrides)
  return {
    context,
    options,
    args: command.processedArgs as (string | undefined)[],
    refuse: (message) => command.error(`error: ${message}`),
    load,
    admin: async (work) => {
      const loaded = await load()
      return withAdmin(context, loaded, (admin) => work(admin, loaded))
    },
  }
}
