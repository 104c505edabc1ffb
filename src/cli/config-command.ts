import type { Command } from 'commander'
import type { CommandContext, ConfigOptions } from './command-context.js'
import { type CommandDefinition, defineCommand, defineGroup } from './define-command.js'

/** `app config check | print`. */
export function registerConfigCommand(program: Command, context: CommandContext): void {
  const group = defineGroup(program, 'config', 'Check or show the configuration.', [
    'app config check --env prod',
    'app config print',
  ])
  defineCommand(group, context, CHECK)
  defineCommand(group, context, PRINT)
}

const CHECK: CommandDefinition<ConfigOptions> = {
  name: 'check',
  description: 'Check the configuration and list every problem; nothing is started.',
  examples: ['app config check', 'app config check --env prod --config-dir /etc/app'],
  run: async ({ load }) => {
    const { environment, files } = await load()
    return {
      text: `configuration is valid (environment ${environment}; read ${files.join(', ')})\n`,
    }
  },
}

const PRINT: CommandDefinition<ConfigOptions> = {
  name: 'print',
  description: 'Print the configuration as it would be used, secrets masked, with its sources.',
  examples: ['app config print', 'app config print --env prod --json'],
  json: 'print JSON, without the sources',
  run: async ({ load }) => {
    const { config, environment, sources } = await load()
    const { describeConfig, formatConfig } = await import('../config/describe-config.js')
    return {
      text: `# environment: ${environment}\n${formatConfig(config, sources)}`,
      json: describeConfig(config),
    }
  },
}
