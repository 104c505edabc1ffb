import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CliCertificate } from './cli-apps.js'
import { type CommandContext, type ConfigOptions, printJson } from './command-context.js'
import {
  type CommandCall,
  type CommandDefinition,
  defineCommand,
  defineGroup,
  PRINT_JSON,
} from './define-command.js'
import { formatInstant, formatTable } from './format-table.js'
import { integerBetween } from './parse-option.js'
import { EXIT_FAILED, EXIT_OK } from './run-service.js'

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1']
const AUTHORITY_DAYS = 3_650
const DAYS = 365
const DAYS_MAX = 36_500
const DAY_MS = 86_400_000

interface CertsOptions extends ConfigOptions {
  readonly dir?: string
  readonly json?: true
}

interface CreateOptions extends CertsOptions {
  readonly host?: readonly string[]
  readonly client?: readonly string[]
  readonly server: boolean
  readonly days: number
  readonly caDays: number
}

/** `app certs create | show`. */
export function registerCertsCommand(program: Command, context: CommandContext): void {
  const description = 'Make and show certificates for gRPC over TLS; no other tool is needed.'
  const group = defineGroup(program, 'certs', description, [
    'app certs create --client billing',
    'app certs show',
  ])
  defineCommand(group, context, CREATE)
  defineCommand(group, context, SHOW)
}

const CREATE: CommandDefinition<CreateOptions> = {
  name: 'create',
  description:
    'Make an authority (ca.pem, unless the folder has one), a certificate for the server and one ' +
    'for each client. No file is overwritten; all are readable by their owner only.',
  examples: [
    'app certs create',
    'app certs create --host gatehouse.internal 10.0.0.5 --client billing search',
    'app certs create --no-server --client reports --days 90',
  ],
  configure: addCreateOptions,
  json: PRINT_JSON,
  async run(call) {
    const { context, options } = call
    const app = await context.apps.openCertificates()
    const written = await app.create({
      folder: await folderOf(call),
      hosts: options.server ? (options.host ?? LOCAL_HOSTS) : [],
      clients: options.client ?? [],
      days: options.days,
      authorityDays: options.caDays,
      now: context.io.now(),
    })
    const lines = written.map(({ kind, name, certFile, keyFile }) => {
      return `${kind.padEnd('server'.length)}  ${name}: ${certFile}, ${keyFile}\n`
    })
    return { text: lines.length > 0 ? lines.join('') : 'nothing to make\n', json: written }
  },
}

const SHOW: CommandDefinition<CertsOptions> = {
  name: 'show',
  description: 'Show the certificates of a folder or a file; fails when one has expired.',
  examples: ['app certs show', 'app certs show data/certs/server.pem --json'],
  configure: (command) =>
    addDirOption(command.argument('[file]', 'a file in PEM (default: the folder)')),
  json: PRINT_JSON,
  async run(call) {
    const { context, options } = call
    const [file] = call.args
    const path = file === undefined ? await folderOf(call) : resolve(context.io.cwd, file)
    const app = await context.apps.openCertificates()
    const certificates = await app.show(path)
    const now = context.io.now()
    if (options.json) printJson(context, certificates)
    else context.io.stdout.write(format(certificates, now))
    return certificates.every(({ validTo }) => validTo > now) ? EXIT_OK : EXIT_FAILED
  },
}

function addCreateOptions(command: Command): void {
  addDirOption(command)
    .option(
      '--host <name...>',
      `names and addresses of the server (default: ${LOCAL_HOSTS.join(', ')})`,
    )
    .option('--no-server', 'make no certificate for the server')
    .option('--client <name...>', 'sibling services, one certificate each')
    .option('--days <number>', 'life of server and clients', integerBetween(1, DAYS_MAX), DAYS)
    .option(
      '--ca-days <number>',
      'life of a new authority',
      integerBetween(1, DAYS_MAX),
      AUTHORITY_DAYS,
    )
}

function addDirOption(command: Command): Command {
  return command.option('--dir <folder>', 'folder of the certificates (default: certs in dataDir)')
}

async function folderOf({ context, options, load }: CommandCall<CertsOptions>): Promise<string> {
  if (options.dir !== undefined) return resolve(context.io.cwd, options.dir)
  const { config } = await load()
  return resolve(config.dataDir, 'certs')
}

function format(certificates: readonly CliCertificate[], now: number): string {
  return formatTable(
    [
      { title: 'FILE', value: ({ file }) => file },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'SUBJECT', value: ({ subject }) => subject },
      { title: 'NAMES', value: ({ names }) => (names.length > 0 ? names.join(' ') : null) },
      { title: 'VALID TO', value: ({ validTo }) => formatInstant(validTo) },
      { title: 'DAYS LEFT', value: ({ validTo }) => String(Math.floor((validTo - now) / DAY_MS)) },
      { title: 'SHA-256', value: ({ fingerprint }) => fingerprint },
    ],
    certificates,
  )
}
