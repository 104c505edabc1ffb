import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { toAppError } from '../errors/app-error.js'
import type { CliApps } from './cli-apps.js'
import { registerCallCommand } from './call-command.js'
import { registerCertsCommand } from './certs-command.js'
import type { CliIo } from './cli-io.js'
import { registerAuditCommand } from './audit-command.js'
import { type CommandContext, addExamples } from './command-context.js'
import { registerConfigCommand } from './config-command.js'
import { createDefaultApps } from './default-apps.js'
import { describeFailure, stackOf } from './describe-failure.js'
import { registerHealthCommand } from './health-command.js'
import { registerKeysCommand } from './keys-command.js'
import { registerMigrateCommand } from './migrate-command.js'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './run-service.js'
import { registerServiceCommands } from './service-command.js'
import { registerSessionCommand } from './session-command.js'
import { registerSocketClientCommand } from './socket-client-command.js'
import { registerUserCommand } from './user-command.js'

const HELP_COLUMNS = 100

/**
 * Runs the command that `argv` (without the names of node and the script) asks for and resolves with the exit
 * code: 0, 1 for a failure, 2 for a command line that makes no sense. Never rejects, never exits the process.
 */
export async function runCli(
  argv: readonly string[],
  io: CliIo,
  apps: CliApps = createDefaultApps(),
): Promise<number> {
  const context: CommandContext = { io, apps, exitCode: EXIT_OK, debug: false }
  try {
    await createProgram(context).parseAsync(argv, { from: 'user' })
    return context.exitCode
  } catch (error) {
    // Commander has written its own line by now; only help and version end well.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
    reportFailure(context, error)
    return EXIT_FAILED
  }
}

/** The whole command line, every command with its options and help. */
export function createProgram(context: CommandContext): Command {
  const { stdout, stderr } = context.io
  const program = new Command('app')
    .description(
      'Gatehouse: accounts, sessions and live messages over HTTP, WebSocket and gRPC. ' +
        'A session ended anywhere is over everywhere.',
    )
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
    })
  addExamples(program, [
    'app up',
    'app user create --username ann --role admin --password-stdin < password.txt',
    'app config print --env prod',
  ])
  registerServiceCommands(program, context)
  registerHealthCommand(program, context)
  registerMigrateCommand(program, context)
  registerKeysCommand(program, context)
  registerUserCommand(program, context)
  registerSessionCommand(program, context)
  registerConfigCommand(program, context)
  registerCallCommand(program, context)
  registerCertsCommand(program, context)
  registerAuditCommand(program, context)
  registerSocketClientCommand(program, context)
  return program
}

function reportFailure({ io, debug }: CommandContext, error: unknown): void {
  const { line, details } = describeFailure(error)
  const lines = [`error: ${line}`, ...details.map((detail) => `  ${detail}`)]
  if (debug && toAppError(error).code === 'INTERNAL') lines.push(stackOf(error))
  io.stderr.write(`${lines.join('\n')}\n`)
}

function readVersion(): string {
  const file = new URL('../../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
