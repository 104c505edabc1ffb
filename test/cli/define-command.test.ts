import { Command } from 'commander'
import t, { type Test } from 'tap'
import type { CommandContext, ConfigOptions } from '../../src/cli/command-context.js'
import {
  type CommandDefinition,
  defineCommand,
  defineGroup,
  PRINT_JSON,
} from '../../src/cli/define-command.js'
import { createFakeAdmin, createFakeIo } from './fake-cli.js'

interface Options extends ConfigOptions {
  readonly size?: string
}

const DEFINITION: CommandDefinition<Options> = {
  name: 'show',
  description: 'Show a thing.',
  examples: ['app thing show a'],
  configure: (command) => command.argument('<id>', 'which').argument('[more]').option('--size <n>'),
  json: PRINT_JSON,
  run: async ({ args, options }) => ({
    text: `${args.join(',')} ${options.size ?? '-'}\n`,
    json: { args },
  }),
}

async function runCommand<O extends ConfigOptions>(
  t: Test,
  argv: readonly string[],
  definition: CommandDefinition<O>,
) {
  const io = createFakeIo({ cwd: t.testdir({}) })
  const admin = createFakeAdmin({ keys: { list: async () => [] } })
  const context: CommandContext = { io, apps: admin.apps, exitCode: 9, debug: false }
  const program = new Command('app').exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
  })
  defineCommand(defineGroup(program, 'thing', 'Things.', ['app thing show a']), context, definition)
  const failure: unknown = await program.parseAsync(['thing', ...argv], { from: 'user' }).then(
    () => null,
    (error: unknown) => error,
  )
  return { context, admin, failure, output: io.output(), errors: io.errors() }
}

await t.test('a command prints its text, or JSON where that is asked for', async (t) => {
  const plain = await runCommand(t, ['show', 'a', '--size', '3'], DEFINITION)
  t.equal(plain.output, 'a, 3\n')
  t.equal(plain.context.exitCode, 0)
  const json = await runCommand(t, ['show', 'a', 'b', '--json'], DEFINITION)
  t.same(JSON.parse(json.output), { args: ['a', 'b'] })
})

await t.test('a command that prints itself answers with its exit code', async (t) => {
  const { context, output } = await runCommand(t, ['go'], {
    ...{ name: 'go', description: 'Go.', examples: ['app thing go'] },
    run: async () => 3,
  })
  t.equal(context.exitCode, 3)
  t.equal(output, '')
})

await t.test('the help has arguments, options and examples', async (t) => {
  const { output } = await runCommand(t, ['show', '--help'], DEFINITION)
  t.match(output, /Usage: app thing show \[options\] <id> \[more\]/)
  t.match(output, /--size <n>[^]*--env <name>[^]*--config-dir <folder>[^]*--json +print JSON/)
  t.match(output, /Examples:\n +\$ app thing show a/)
  const bare: CommandDefinition<Options> = { ...DEFINITION, configurable: false }
  t.notMatch((await runCommand(t, ['show', '--help'], bare)).output, '--env')
})

await t.test('a run loads the configuration and opens the stores when it asks', async (t) => {
  const { admin, output } = await runCommand(t, ['keys', '--env', 'dev'], {
    ...{ name: 'keys', description: 'Keys.', examples: ['app thing keys'] },
    run: async ({ admin: open, load }) => {
      const { config } = await load({ 'http.port': 1 })
      const [keys, level] = await open(async (opened, loaded) => [
        await opened.keys.list(),
        loaded.config.log.level,
      ])
      return { text: `${config.http.port} ${JSON.stringify(keys)} ${String(level)}\n` }
    },
  })
  t.equal(output, '1 [] debug\n')
  t.equal(admin.opened, 1)
  t.equal(admin.closed, 1)
})

await t.test('a run refuses a command line that makes no sense', async (t) => {
  const { failure, errors } = await runCommand(t, ['odd'], {
    ...{ name: 'odd', description: 'Odd.', examples: ['app thing odd'] },
    run: async ({ refuse }) => refuse('make up your mind'),
  })
  t.match(failure, { name: 'CommanderError', exitCode: 1 })
  t.equal(errors, 'error: make up your mind\n')
})
