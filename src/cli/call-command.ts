import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { CallApp } from './cli-apps.js'
import {
  type CommandContext,
  type ConfigOptions,
  addConfigOptions,
  addExamples,
  loadCommandConfig,
  printJson,
  runCommand,
} from './command-context.js'
import { integerBetween } from './parse-option.js'
import { EXIT_FAILED, EXIT_OK } from './run-service.js'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

interface CallOptions extends ConfigOptions {
  readonly address?: string
}

/** `app call hello | verify`. */
export function registerCallCommand(program: Command, context: CommandContext): void {
  const group = program
    .command('call')
    .description('Call a running gRPC service, as the HTTP service and siblings do; prints JSON.')
  addExamples(group, ['app call hello --id 1', 'app call verify - < token.txt'])
  registerHello(group, context)
  registerVerify(group, context)
}

function registerHello(group: Command, context: CommandContext): void {
  const command = group.command('hello').description('Ask for a greeting.')
  addCallOptions(command).requiredOption(
    '--id <number>',
    'whom to greet; 1 is the world',
    integerBetween(INT32_MIN, INT32_MAX),
  )
  addExamples(command, ['app call hello --id 1', 'app call hello --id 2 --address 127.0.0.1:9090'])
  command.action((options: CallOptions & { id: number }) =>
    runCommand(context, () =>
      withCalls(context, options, async (calls) => {
        printJson(context, await calls.hello(options.id))
        return EXIT_OK
      }),
    ),
  )
}

function registerVerify(group: Command, context: CommandContext): void {
  const command = group
    .command('verify')
    .description(
      'Ask who an access token is, and whether they are still signed in. The exit code is 1 when not. ' +
        'Uses api.key, or the client certificate of grpc.client.',
    )
    .argument('<token>', 'the token; - reads it from standard input, where nobody else sees it')
  addCallOptions(command)
  addExamples(command, ['app call verify - < token.txt', 'app call verify eyJ…'])
  command.action((token: string, options: CallOptions) =>
    runCommand(context, () =>
      withCalls(context, options, async (calls) => {
        const shown = token === '-' ? (await text(context.io.stdin)).trim() : token
        const verdict = await calls.verify(shown)
        printJson(
          context,
          verdict.active
            ? { ...verdict, expiresAt: new Date(verdict.expiresAt).toISOString() }
            : verdict,
        )
        return verdict.active ? EXIT_OK : EXIT_FAILED
      }),
    ),
  )
}

function addCallOptions(command: Command): Command {
  return addConfigOptions(command).option(
    '--address <host:port>',
    'the service (default: http.grpcAddress, else grpc.host and grpc.port)',
  )
}

async function withCalls(
  context: CommandContext,
  options: CallOptions,
  work: (calls: CallApp) => Promise<number>,
): Promise<number> {
  const { address } = options
  const overrides = address === undefined ? {} : { 'http.grpcAddress': address }
  const { config } = await loadCommandConfig(context, options, overrides)
  const calls = await context.apps.openCalls(config)
  try {
    return await work(calls)
  } finally {
    await calls.close()
  }
}
