import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import t from 'tap'
import { createProgram, runCli } from '../../src/cli/run-cli.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { createFakeApps, createFakeIo, run } from './fake-cli.js'

/** The words of every command, groups included. */
function commandPaths(command: Command, prefix: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const path = [...prefix, child.name()]
    return [path, ...commandPaths(child, path)]
  })
}

const PROGRAM = createProgram({
  io: createFakeIo(),
  apps: createFakeApps(),
  exitCode: 0,
  debug: false,
})

await t.test('the program has the promised commands', async (t) => {
  t.same(
    commandPaths(PROGRAM).map((path) => path.join(' ')),
    [
      'http',
      'socket',
      'grpc',
      'up',
      'health',
      'migrate',
      'migrate up',
      'migrate down',
      'migrate status',
      'keys',
      'keys generate',
      'keys rotate',
      'keys retire',
      'keys burn',
      'keys list',
      'user',
      'user create',
      'user list',
      'user set-role',
      'user freeze',
      'user unfreeze',
      'user delete',
      'user reset-password',
      'session',
      'session list',
      'session end',
      'config',
      'config check',
      'config print',
      'call',
      'call hello',
      'call verify',
      'certs',
      'certs create',
      'certs show',
      'audit',
      'audit list',
      'socket-client',
    ],
  )
})

await t.test('the help of every command has a description and examples', async (t) => {
  for (const path of [[], ...commandPaths(PROGRAM)]) {
    const name = ['app', ...path].join(' ')
    const { code, output, errors } = await run([...path, '--help'])
    t.equal(code, 0, name)
    t.equal(errors, '')
    t.ok(output.startsWith(`Usage: ${name} `), name)
    t.match(
      output,
      /^Usage: .*\n\n[A-Z][^]*\.\n\n(?:Arguments|Options):/,
      `${name} says what it does`,
    )
    const examples = output.split('\nExamples:\n')[1] ?? ''
    t.ok(examples.length > 0, `${name} has examples`)
    for (const line of examples.trimEnd().split('\n')) {
      t.match(line, /^ {2}\$ .*\bapp\b/, line)
      if (path.length > 0) t.ok(line.includes(name), `${line} shows ${name}`)
    }
  }
})

await t.test('every command that reads the configuration says from where', async (t) => {
  const leaves = commandPaths(PROGRAM).filter(
    (path) =>
      ![
        ...[
          'migrate',
          'keys',
          'user',
          'session',
          'config',
          'call',
          'certs',
          'audit',
          'socket-client',
        ],
      ].includes(path.join(' ')),
  )
  for (const path of leaves) {
    const { output } = await run([...path, '--help'])
    t.match(output, /--env <name>[^]*--config-dir <folder>/, path.join(' '))
  }
})

await t.test('help and version end well', async (t) => {
  const { version } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string
  }
  t.same(await run(['--version']), { code: 0, output: `${version}\n`, errors: '' })
  t.same(await run(['-V']), { code: 0, output: `${version}\n`, errors: '' })
  const help = await run(['help', 'up'])
  t.same(help, await run(['up', '--help']))
  t.equal(help.code, 0)
})

await t.test('a command line that makes no sense is one line and exit code 2', async (t) => {
  const cases = [
    [['nope'], /^error: unknown command 'nope'\n$/],
    [['htp'], /^error: unknown command 'htp'\n\(Did you mean http\?\)\n$/],
    [['keys', 'nope'], /^error: unknown command 'nope'\n$/],
    [['http', '--nope'], /^error: unknown option '--nope'\n$/],
    [['http', '--prot', '1'], /^error: unknown option '--prot'\n\(Did you mean --port\?\)\n$/],
    [['http', '--port'], /^error: option '--port <number>' argument missing\n$/],
    [['http', 'extra'], /^error: too many arguments for 'http'\. Expected 0 arguments but got 1\./],
  ] as const
  for (const [argv, message] of cases) {
    const { code, output, errors } = await run(argv)
    t.equal(code, 2, argv.join(' '))
    t.equal(output, '')
    t.match(errors, message)
  }
})

await t.test('no command at all shows the help on stderr', async (t) => {
  for (const argv of [[], ['keys'], ['user']]) {
    const { code, output, errors } = await run(argv)
    t.equal(code, 2)
    t.equal(output, '')
    t.match(errors, /^Usage: app/)
  }
})

await t.test('an unknown failure is one line; its stack only at log level debug', async (t) => {
  const apps = createFakeApps({
    startHttp: () => Promise.reject(new TypeError('x is not a function\nsecond line')),
  })
  const quiet = await run(['http'], { apps, io: createFakeIo({ cwd: t.testdir({}) }) })
  t.same(quiet, { code: 1, output: '', errors: 'error: x is not a function\n' })
  const env = { APP_LOG_LEVEL: 'debug' }
  const loud = await run(['http'], { apps, io: createFakeIo({ cwd: t.testdir({}), env }) })
  t.equal(loud.code, 1)
  t.match(loud.errors, /^error: x is not a function\nTypeError: x is not a function[^]*\n +at /)
})

await t.test('a known failure has no stack at any level', async (t) => {
  const env = { APP_LOG_LEVEL: 'debug', APP_HTTP_PORT: 'x' }
  const { errors } = await run(['http'], { io: createFakeIo({ cwd: t.testdir({}), env }) })
  t.equal(
    errors,
    'error: The configuration is not valid: http.port: ' +
      'expected an integer from 0 to 65535, got "x" (APP_HTTP_PORT)\n',
  )
})

await t.test('runCli finds its applications by itself', async (t) => {
  const io = createFakeIo({ cwd: t.testdir({}) })
  t.equal(await runCli(['config', 'check'], io), 0)
})
