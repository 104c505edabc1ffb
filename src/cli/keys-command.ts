import { type Command, Option } from 'commander'
import type { CliAlgorithm, CliKey } from './cli-apps.js'
import {
  type CommandContext,
  type ConfigOptions,
  addConfigOptions,
  addExamples,
  loadCommandConfig,
  printJson,
  runCommand,
  withAdmin,
} from './command-context.js'
import { formatInstant, formatTable } from './format-table.js'
import { integerBetween } from './parse-option.js'
import { EXIT_OK } from './run-service.js'

const ALGORITHMS: readonly CliAlgorithm[] = ['RS512', 'RS256', 'ES256', 'EdDSA']
/** Longer than running processes take to notice a new key, so that none refuses its first token. */
const DELAY_SECONDS = 5
const DELAY_SECONDS_MAX = 86_400

interface KeyOptions extends ConfigOptions {
  readonly algorithm?: CliAlgorithm
  readonly json?: true
}

interface RotateOptions extends KeyOptions {
  readonly key?: string
  readonly delaySeconds: number
}

/** `app keys generate | rotate | retire | list`. */
export function registerKeysCommand(program: Command, context: CommandContext): void {
  const group = program.command('keys').description('Manage the keys that sign tokens.')
  addExamples(group, ['app keys list', 'app keys rotate'])
  registerGenerate(group, context)
  registerRotate(group, context)
  registerRetire(group, context)
  registerList(group, context)
}

function registerGenerate(group: Command, context: CommandContext): void {
  const command = group
    .command('generate')
    .description('Make a key pair that is published and verifies, but does not sign yet.')
  addConfigOptions(command).addOption(algorithmOption()).option('--json', 'print JSON')
  addExamples(command, ['app keys generate', 'app keys generate --algorithm EdDSA'])
  command.action((options: KeyOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const algorithm = options.algorithm ?? loaded.config.auth.algorithm
      const key = await withAdmin(context, loaded, (admin) => admin.keys.generate(algorithm))
      report(context, options, key, `generated key ${key.id} (${key.algorithm})`)
      return EXIT_OK
    }),
  )
}

function registerRotate(group: Command, context: CommandContext): void {
  const command = group
    .command('rotate')
    .description(
      'Let another key sign: the one named, else the newest that never signed, else a new one. ' +
        'The key that signed before goes on verifying.',
    )
  addConfigOptions(command)
    .option('--key <id>', 'the key that shall sign')
    .addOption(algorithmOption())
    .option(
      '--delay-seconds <number>',
      'when it begins to sign; running processes need a few seconds to learn of it',
      integerBetween(0, DELAY_SECONDS_MAX),
      DELAY_SECONDS,
    )
    .option('--json', 'print JSON')
  addExamples(command, [
    'app keys rotate',
    'app keys rotate --algorithm ES256',
    'app keys rotate --key 3f9c2a71 --delay-seconds 60',
  ])
  command.action((options: RotateOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const key = await withAdmin(context, loaded, (admin) =>
        admin.keys.rotate({
          ...(options.key === undefined ? {} : { keyId: options.key }),
          algorithm: options.algorithm ?? loaded.config.auth.algorithm,
          signsFrom: context.io.now() + options.delaySeconds * 1000,
        }),
      )
      const from = formatInstant(key.signsFrom) ?? 'now'
      report(context, options, key, `key ${key.id} (${key.algorithm}) signs from ${from} on`)
      return EXIT_OK
    }),
  )
}

function registerRetire(group: Command, context: CommandContext): void {
  const command = group
    .command('retire')
    .description('Remove a key for good: tokens that it signed are refused from now on.')
    .argument('<id>', 'the key')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, ['app keys retire 3f9c2a71'])
  command.action((id: string, options: KeyOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const key = await withAdmin(context, loaded, (admin) => admin.keys.retire(id))
      report(context, options, key, `retired key ${key.id} (${key.algorithm})`)
      return EXIT_OK
    }),
  )
}

function registerList(group: Command, context: CommandContext): void {
  const command = group.command('list').description('List the keys and what each is for.')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, ['app keys list', 'app keys list --json'])
  command.action((options: KeyOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const keys = await withAdmin(context, loaded, (admin) => admin.keys.list())
      if (options.json) printJson(context, keys)
      else context.io.stdout.write(formatKeys(keys))
      return EXIT_OK
    }),
  )
}

function algorithmOption(): Option {
  const option = new Option(
    '--algorithm <name>',
    'algorithm of a new key (default: auth.algorithm)',
  )
  return option.choices(ALGORITHMS)
}

function report(context: CommandContext, options: KeyOptions, key: CliKey, line: string): void {
  if (options.json) printJson(context, key)
  else context.io.stdout.write(`${line}\n`)
}

function formatKeys(keys: readonly CliKey[]): string {
  return formatTable(
    [
      { title: 'ID', value: (key) => key.id },
      { title: 'ALGORITHM', value: (key) => key.algorithm },
      { title: 'STATUS', value: (key) => key.status },
      { title: 'CREATED', value: (key) => formatInstant(key.createdAt) },
      { title: 'SIGNS FROM', value: (key) => formatInstant(key.signsFrom) },
    ],
    keys,
  )
}
