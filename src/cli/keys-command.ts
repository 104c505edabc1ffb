import { type Command, Option } from 'commander'
import type { CliAlgorithm, CliKey } from './cli-apps.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import { type CommandDefinition, defineCommand, defineGroup, PRINT_JSON } from './define-command.js'
import { formatEndResult } from './format-end-result.js'
import { formatInstant, formatTable } from './format-table.js'
import { integerBetween } from './parse-option.js'

const ALGORITHMS: readonly CliAlgorithm[] = ['RS512', 'RS256', 'ES256', 'EdDSA']
/** Longer than running processes take to notice a new key, so that none refuses its first token. */
const DELAY_SECONDS = 5
const DELAY_SECONDS_MAX = 86_400

interface KeyOptions extends ConfigOptions {
  readonly algorithm?: CliAlgorithm
}

interface RotateOptions extends KeyOptions {
  readonly key?: string
  readonly delaySeconds: number
}

/** `app keys generate | rotate | retire | burn | list`. */
export function registerKeysCommand(program: Command, context: CommandContext): void {
  const group = defineGroup(program, 'keys', 'Manage the keys that sign tokens.', [
    'app keys list',
    'app keys rotate',
  ])
  defineCommand(group, context, GENERATE)
  defineCommand(group, context, ROTATE)
  defineCommand(group, context, RETIRE)
  defineCommand(group, context, BURN)
  defineCommand(group, context, LIST)
}

const GENERATE: CommandDefinition<KeyOptions> = {
  name: 'generate',
  description: 'Make a key pair that is published and verifies, but does not sign yet.',
  examples: ['app keys generate', 'app keys generate --algorithm EdDSA'],
  configure: (command) => command.addOption(algorithmOption()),
  json: PRINT_JSON,
  run: async ({ options, admin }) => {
    const key = await admin(({ keys }, { config }) =>
      keys.generate(options.algorithm ?? config.auth.algorithm),
    )
    return { text: `generated key ${key.id} (${key.algorithm})\n`, json: key }
  },
}

const ROTATE: CommandDefinition<RotateOptions> = {
  name: 'rotate',
  description:
    'Let another key sign: the one named, else the newest that never signed, else a new one. ' +
    'The key that signed before goes on verifying.',
  examples: [
    'app keys rotate',
    'app keys rotate --algorithm ES256',
    'app keys rotate --key 3f9c2a71 --delay-seconds 60',
  ],
  configure: (command) =>
    command
      .option('--key <id>', 'the key that shall sign')
      .addOption(algorithmOption())
      .option(
        '--delay-seconds <number>',
        'when it begins to sign; running processes need a few seconds to learn of it',
        integerBetween(0, DELAY_SECONDS_MAX),
        DELAY_SECONDS,
      ),
  json: PRINT_JSON,
  run: async ({ context, options, admin }) => {
    const key = await admin(({ keys }, { config }) =>
      keys.rotate({
        ...(options.key === undefined ? {} : { keyId: options.key }),
        algorithm: options.algorithm ?? config.auth.algorithm,
        signsFrom: context.io.now() + options.delaySeconds * 1000,
      }),
    )
    const from = formatInstant(key.signsFrom) ?? 'now'
    return { text: `key ${key.id} (${key.algorithm}) signs from ${from} on\n`, json: key }
  },
}

const RETIRE: CommandDefinition<ConfigOptions> = {
  name: 'retire',
  description: 'Remove a key for good: tokens that it signed are refused from now on.',
  examples: ['app keys retire 3f9c2a71'],
  configure: addKeyId,
  json: PRINT_JSON,
  run: async ({ args: [id = ''], admin }) => {
    const key = await admin(({ keys }) => keys.retire(id))
    return { text: `retired key ${key.id} (${key.algorithm})\n`, json: key }
  },
}

const BURN: CommandDefinition<KeyOptions> = {
  name: 'burn',
  description:
    'Remove a key that somebody else may have: every process refuses its tokens at once, and the ' +
    'sessions that it signed are over. One that signs is replaced first.',
  examples: ['app keys burn 3f9c2a71', 'app keys burn 3f9c2a71 --algorithm ES256'],
  configure: (command) => addKeyId(command).addOption(algorithmOption()),
  json: PRINT_JSON,
  run: async ({ args: [id = ''], options, admin }) => {
    const burned = await admin(({ keys }, { config }) =>
      keys.burn(id, options.algorithm ?? config.auth.algorithm),
    )
    const { key, end } = burned
    return {
      text: `burned key ${key.id} (${key.algorithm})\n${formatEndResult(end)}`,
      json: burned,
    }
  },
}

const LIST: CommandDefinition<ConfigOptions> = {
  name: 'list',
  description: 'List the keys and what each is for.',
  examples: ['app keys list', 'app keys list --json'],
  json: PRINT_JSON,
  run: async ({ admin }) => {
    const keys = await admin((opened) => opened.keys.list())
    return { text: formatKeys(keys), json: keys }
  },
}

function addKeyId(command: Command): Command {
  return command.argument('<id>', 'the key')
}

function algorithmOption(): Option {
  const option = new Option(
    '--algorithm <name>',
    'algorithm of a new key (default: auth.algorithm)',
  )
  return option.choices(ALGORITHMS)
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
