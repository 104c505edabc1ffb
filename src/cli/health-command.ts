import type { Command } from 'commander'
import { Argument } from 'commander'
import type { CliService } from './cli-apps.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import { type CommandDefinition, defineCommand } from './define-command.js'
import { EXIT_FAILED, EXIT_OK } from './run-service.js'

const SERVICES: readonly CliService[] = ['http', 'socket', 'grpc']

/** `app health`. */
export function registerHealthCommand(program: Command, context: CommandContext): void {
  defineCommand(program, context, HEALTH)
}

const HEALTH: CommandDefinition<ConfigOptions> = {
  name: 'health',
  description:
    'Ask a service that runs on this machine whether it is ready; the exit code is 1 when it is not. For the ' +
    'health checks of containers.',
  examples: ['app health http', 'app health grpc'],
  configure: (command) =>
    command.addArgument(new Argument('<service>', 'which one').choices([...SERVICES])),
  async run({ context, args, load }) {
    const service = SERVICES.find((name) => name === args[0]) ?? 'http'
    const { config } = await load()
    const { ready, parts } = await context.apps.checkHealth(config, service)
    const lines = Object.entries(parts).map(([part, state]) => `  ${part}: ${state}\n`)
    context.io.stdout.write(`${service} is ${ready ? 'ready' : 'not ready'}\n${lines.join('')}`)
    return ready ? EXIT_OK : EXIT_FAILED
  },
}
