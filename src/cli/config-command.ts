import type { Command } from 'commander'
import {
  type CommandContext,
  type ConfigOptions,
  addConfigOptions,
  addExamples,
  loadCommandConfig,
  printJson,
  runCommand,
} from './command-context.js'
import { EXIT_OK } from './run-service.js'

/** `app config check | print`. */
export function registerConfigCommand(program: Command, context: CommandContext): void {
  const group = program.command('config').description('Check or show the configuration.')
  addExamples(group, ['app config check --env prod', 'app config print'])
  registerCheck(group, context)
  registerPrint(group, context)
}

function registerCheck(group: Command, context: CommandContext): void {
  const command = group
    .command('check')
    .description('Check the configuration and list every problem; nothing is started.')
  addConfigOptions(command)
  addExamples(command, ['app config check', 'app config check --env prod --config-dir /etc/app'])
  command.action((options: ConfigOptions) =>
    runCommand(context, async () => {
      const { environment, files } = await loadCommandConfig(context, options)
      context.io.stdout.write(
        `configuration is valid (environment ${environment}; read ${files.join(', ')})\n`,
      )
      return EXIT_OK
    }),
  )
}

function registerPrint(group: Command, context: CommandContext): void {
  const command = group
    .command('print')
    .description('Print the configuration as it would be used, secrets masked, with its sources.')
  addConfigOptions(command).option('--json', 'print JSON, without the sources')
  addExamples(command, ['app config print', 'app config print --env prod --json'])
  command.action((options: ConfigOptions & { json?: true }) =>
    runCommand(context, async () => {
      const { config, environment, sources } = await loadCommandConfig(context, options)
      const { describeConfig, formatConfig } = await import('../config/describe-config.js')
      if (options.json) printJson(context, describeConfig(config))
      else
        context.io.stdout.write(`# environment: ${environment}\n${formatConfig(config, sources)}`)
      return EXIT_OK
    }),
  )
}
