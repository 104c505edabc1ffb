import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { CallApp } from './cli-apps.js'
import { type CommandContext, type ConfigOptions, printJson } from './command-context.js'
import {
  type CommandCall,
  type CommandDefinition,
  defineCommand,
  defineGroup,
} from './define-command.js'
import { integerBetween } from './parse-option.js'
import { EXIT_FAILED, EXIT_OK } from './run-service.js'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

interface CallOptions extends ConfigOptions {
  readonly address?: string
}

interface HelloOptions extends CallOptions {
  readonly id: number
}

/** `app call hello | verify`. */
export function registerCallCommand(program: Command, context: CommandContext): void {
  const description =
    'Call a running gRPC service, as the HTTP service and siblings do; prints JSON.'
  const group = defineGroup(program, 'call', description, [
    'app call hello --id 1',
    'app call verify - < token.txt',
  ])
  defineCommand(group, context, HELLO)
  defineCommand(group, context, VERIFY)
}

const HELLO: CommandDefinition<HelloOptions> = {
  name: 'hello',
  description: 'Ask for a greeting.',
  examples: ['app call hello --id 1', 'app call hello --id 2 --address 127.0.0.1:9090'],
  configure: (command) =>
    addAddress(command).requiredOption(
      '--id <number>',
      'whom to greet; 1 is the world',
      integerBetween(INT32_MIN, INT32_MAX),
    ),
  run: (call) =>
    withCalls(call, async (calls) => {
      printJson(call.context, await calls.hello(call.options.id))
      return EXIT_OK
    }),
}

const VERIFY: CommandDefinition<CallOptions> = {
  name: 'verify',
  description:
    'Ask who an access token is, and whether they are still signed in. The exit code is 1 when not. ' +
    'Uses api.key, or the client certificate of grpc.client.',
  examples: ['app call verify - < token.txt', 'app call verify eyJ…'],
  configure: (command) =>
    addAddress(command).argument(
      '<token>',
      'the token; - reads it from standard input, where nobody else sees it',
    ),
  run: (call) =>
    withCalls(call, async (calls) => {
      const { context } = call
      const [token = '-'] = call.args
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
}

function addAddress(command: Command): Command {
  return command.option(
    '--address <host:port>',
    'the service (default: http.grpcAddress, else grpc.host and grpc.port)',
  )
}

async function withCalls(
  { context, options, load }: CommandCall<CallOptions>,
  work: (calls: CallApp) => Promise<number>,
): Promise<number> {
  const { address } = options
  const { config } = await load(address === undefined ? {} : { 'http.grpcAddress': address })
  const calls = await context.apps.openCalls(config)
  try {
    return await work(calls)
  } finally {
    await calls.close()
  }
}
