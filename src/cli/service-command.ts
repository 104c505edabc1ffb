import type { Command } from 'commander'
import type { Config } from '../config/schema.js'
import type { CliApps, RunningApp } from './cli-apps.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import { type CommandCall, type CommandDefinition, defineCommand } from './define-command.js'
import { parsePort } from './parse-option.js'
import { runService } from './run-service.js'

interface Service {
  readonly name: 'http' | 'socket' | 'grpc'
  readonly start: 'startHttp' | 'startSocket' | 'startGrpc'
  readonly summary: string
  readonly port: number
}

const SERVICES: readonly Service[] = [
  {
    name: 'http',
    start: 'startHttp',
    summary: 'Serve accounts, sessions and the bridge over HTTP.',
    port: 8080,
  },
  {
    name: 'socket',
    start: 'startSocket',
    summary: 'Serve live messages, push and echo over WebSocket.',
    port: 30000,
  },
  {
    name: 'grpc',
    start: 'startGrpc',
    summary: 'Serve sessions, revocations, publishing and health over gRPC.',
    port: 9090,
  },
]

interface ServiceOptions extends ConfigOptions {
  readonly port?: number
}

interface UpOptions extends ConfigOptions {
  readonly httpPort?: number
  readonly socketPort?: number
  readonly grpcPort?: number
}

/** `app http`, `app socket`, `app grpc`, `app up`. */
export function registerServiceCommands(program: Command, context: CommandContext): void {
  for (const service of SERVICES) defineCommand(program, context, defineService(service))
  defineCommand(program, context, UP)
}

function defineService({ name, start, summary, port }: Service): CommandDefinition<ServiceOptions> {
  return {
    name,
    description: summary,
    examples: [`app ${name}`, `app ${name} --port 0`, `APP_HOST=0.0.0.0 app ${name} --env prod`],
    configure: (command) =>
      command.option(
        '--port <number>',
        `port to listen on, 0 for a free one (default: ${name}.port, ${port} as shipped)`,
        parsePort,
      ),
    run: (call) => serve(call, { [`${name}.port`]: call.options.port }, start, () => undefined),
  }
}

const UP: CommandDefinition<UpOptions> = {
  name: 'up',
  description: 'Serve HTTP, WebSocket and gRPC from one process.',
  examples: [
    'app up',
    'app up --http-port 8000',
    'app up --http-port 0 --socket-port 0 --grpc-port 0',
  ],
  configure: (command) =>
    command
      .option('--http-port <number>', 'port of the HTTP service, 0 for a free one', parsePort)
      .option(
        '--socket-port <number>',
        'port of the WebSocket service, 0 for a free one',
        parsePort,
      )
      .option('--grpc-port <number>', 'port of the gRPC service, 0 for a free one', parsePort),
  run: (call) => {
    const { httpPort, socketPort, grpcPort } = call.options
    const overrides = { 'http.port': httpPort, 'socket.port': socketPort, 'grpc.port': grpcPort }
    return serve(call, overrides, 'startAll', (app, config) => {
      announce(call.context, app, config)
    })
  },
}

async function serve(
  { context, load }: CommandCall<ConfigOptions>,
  overrides: Readonly<Record<string, unknown>>,
  start: keyof CliApps & `start${string}`,
  onStarted: (app: RunningApp, config: Config) => void,
): Promise<number> {
  const { config, environment } = await load(overrides)
  return runService({
    signals: context.io.signals,
    start: () => context.apps[start](config, environment),
    onStarted: (app) => {
      onStarted(app, config)
    },
  })
}

/** Tells a person where everything is; a machine that reads JSON gets one line of it. */
function announce({ io }: CommandContext, app: RunningApp, config: Config): void {
  const { addresses, dataLocation, firstRunHint } = app
  if (config.log.format === 'json') {
    app.logger.info({ addresses, dataLocation, firstRunHint }, 'Gatehouse is up')
    return
  }
  const names = [...addresses.map((address) => address.name), 'data']
  const width = Math.max(...names.map((name) => name.length))
  const lines = [
    'Gatehouse is up.',
    ...addresses.map(({ name, url }) => `  ${name.padEnd(width)}  ${url}`),
    `  ${'data'.padEnd(width)}  ${dataLocation}`,
    ...(firstRunHint === null ? [] : ['', firstRunHint]),
    '',
    'Ctrl-C stops it.',
  ]
  io.stdout.write(`${lines.join('\n')}\n`)
}
