import type { Command } from 'commander'
import type { SocketClientOptions } from './cli-apps.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import { type CommandCall, type CommandDefinition, defineCommand } from './define-command.js'
import { parseWebSocketUrl } from './parse-option.js'
import { EXIT_FAILED, listenForStop } from './run-service.js'

const DEFAULT_URL = 'ws://127.0.0.1:30000/socket_server'

interface ClientOptions extends ConfigOptions {
  readonly url: string
  readonly json?: readonly string[]
  readonly stay?: true
}

/** `app socket-client`. */
export function registerSocketClientCommand(program: Command, context: CommandContext): void {
  defineCommand(program, context, SOCKET_CLIENT)
}

const SOCKET_CLIENT: CommandDefinition<ClientOptions> = {
  name: 'socket-client',
  description:
    'Talk to the socket service: each line is sent as one message, replies are printed. ' +
    'Ctrl-C, or the end of the input, leaves.',
  examples: [
    'app socket-client',
    'echo hello | app socket-client --url ws://127.0.0.1:30000/socket_server',
    'app socket-client --json ann 7',
    `echo '{"token": "…", "event": "news"}' | app socket-client --stay --url ws://127.0.0.1:30000/ws`,
  ],
  configurable: false,
  configure: (command) =>
    command
      .option('--url <url>', 'where to connect', parseWebSocketUrl, DEFAULT_URL)
      .option(
        '--json <name-and-age...>',
        'send one JSON message, {"name", "age"}, instead of lines',
      )
      .option('--stay', 'stay after the end of the input, until the server closes or Ctrl-C'),
  run: runClient,
}

async function runClient({
  context: { io, apps },
  options,
  refuse,
}: CommandCall<ClientOptions>): Promise<number> {
  const json = parseMessage(refuse, options.json)
  const stop = listenForStop(io.signals)
  const leaving = new AbortController()
  void stop.first.then(() => {
    leaving.abort()
  })
  try {
    const client = apps.runSocketClient({
      url: options.url,
      input: io.stdin,
      output: io.stdout,
      errorOutput: io.stderr,
      signal: leaving.signal,
      json,
      stay: options.stay === true,
    })
    return await Promise.race([client, stop.second.then(() => EXIT_FAILED)])
  } finally {
    stop.dispose()
    // An open terminal would keep the process alive.
    io.stdin.destroy()
  }
}

function parseMessage(
  refuse: CommandCall<ClientOptions>['refuse'],
  values: readonly string[] | undefined,
): SocketClientOptions['json'] {
  if (values === undefined) return null
  const [name = '', age, ...more] = values
  if (more.length > 0) refuse('--json takes a name and an age, nothing more')
  if (age === undefined) return { name }
  if (!/^\d{1,9}$/.test(age)) refuse(`the age '${age}' is not a whole number`)
  return { name, age }
}
