import { Command } from 'commander'
import t, { type Test } from 'tap'
import {
  type CommandContext,
  addConfigOptions,
  addExamples,
  loadCommandConfig,
  printJson,
  withAdmin,
  withMigrations,
} from '../../src/cli/command-context.js'
import { createFakeAdmin, createFakeApps, createFakeIo, createFakeMigrations } from './fake-cli.js'

function createContext(
  t: Test,
  env: Record<string, string> = {},
): CommandContext & { io: ReturnType<typeof createFakeIo> } {
  const io = createFakeIo({ env, cwd: t.testdir({}) })
  return { io, apps: createFakeApps(), exitCode: 0, debug: false }
}

await t.test('loadCommandConfig follows the options', async (t) => {
  const context = createContext(t)
  const plain = await loadCommandConfig(context, {})
  t.equal(plain.environment, 'debug')
  t.equal(context.debug, false)
  const dev = await loadCommandConfig(context, { env: 'dev' }, { 'http.port': 1 })
  t.equal(dev.environment, 'dev')
  t.equal(dev.config.http.port, 1)
  t.equal(context.debug, true, 'the log level of dev is debug')
  t.equal(context.io.errors(), '')
})

await t.test('loadCommandConfig takes --config-dir from the working directory', async (t) => {
  const context = createContext(t)
  await t.rejects(loadCommandConfig(context, { configDir: 'etc' }), {
    code: 'INVALID_ARGUMENT',
    reason: 'config_invalid',
    details: [
      { path: 'etc/common.yaml', message: 'cannot read the file: no such file' },
      { path: 'etc/debug/common.yaml', message: 'cannot read the file: no such file' },
    ],
  })
})

await t.test('loadCommandConfig prints each warning once', async (t) => {
  const context = createContext(t, { APP_HTP_PORT: '1' })
  await loadCommandConfig(context, {})
  t.equal(
    context.io.errors(),
    'warning: the environment variable APP_HTP_PORT is not known and has no effect; ' +
      'did you mean APP_HTTP_PORT?\n',
  )
})

await t.test(
  'a configuration that cannot be loaded still knows that stacks are wanted',
  async (t) => {
    const context = createContext(t, { APP_LOG_LEVEL: 'debug', APP_HTTP_PORT: 'x' })
    await t.rejects(loadCommandConfig(context, {}), {
      code: 'INVALID_ARGUMENT',
      reason: 'config_invalid',
    })
    t.equal(context.debug, true)
  },
)

await t.test('withAdmin opens, works and closes', async (t) => {
  const admin = createFakeAdmin({ keys: { list: async () => [] } })
  const context = { ...createContext(t), apps: admin.apps }
  const loaded = await loadCommandConfig(context, { env: 'test' })
  t.same(await withAdmin(context, loaded, (app) => app.keys.list()), [])
  t.equal(admin.opened, 1)
  t.equal(admin.closed, 1)
})

await t.test('withMigrations opens, works and closes', async (t) => {
  const tables = createFakeMigrations({ up: async () => ['001'] })
  const context = { ...createContext(t), apps: tables.apps }
  const loaded = await loadCommandConfig(context, { env: 'test' })
  t.same(await withMigrations(context, loaded, (app) => app.up()), ['001'])
  t.equal(tables.closed, 1)
})

await t.test('withAdmin closes after a failure and tells the first one', async (t) => {
  const context = createContext(t)
  const loaded = await loadCommandConfig(context, {})
  const admin = createFakeAdmin({})
  const work = async (): Promise<never> => {
    throw new Error('work')
  }
  await t.rejects(withAdmin({ ...context, apps: admin.apps }, loaded, work), { message: 'work' })
  t.equal(admin.closed, 1)

  const stuck = createFakeApps({
    openAdmin: async (...args) => ({
      ...(await admin.apps.openAdmin(...args)),
      close: () => Promise.reject(new Error('close')),
    }),
  })
  await t.rejects(withAdmin({ ...context, apps: stuck }, loaded, work), { message: 'work' })
  await t.rejects(
    withAdmin({ ...context, apps: stuck }, loaded, async () => 1),
    { message: 'close' },
  )
})

await t.test('printJson is indented and ends its line', async (t) => {
  const context = createContext(t)
  printJson(context, { a: [1] })
  t.equal(context.io.output(), '{\n  "a": [\n    1\n  ]\n}\n')
})

await t.test('addConfigOptions and addExamples show in the help', async (t) => {
  const command = addConfigOptions(new Command('x'))
  addExamples(command, ['app x', 'app x --env prod'])
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  t.match(help, /--env <name>[^]*--config-dir <folder>/)
  t.ok(help.endsWith('\nExamples:\n  $ app x\n  $ app x --env prod\n'), help)
})
