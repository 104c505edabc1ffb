import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { DEFAULT_CONFIG_DIR } from '../../src/config/load-config.js'
import { createFakeIo, run } from './fake-cli.js'

await t.test('config check tells the environment and the files', async (t) => {
  const cwd = t.testdir({ '.env': 'APP_HTTP_PORT=1\n' })
  const result = await run(['config', 'check', '--env', 'test'], { io: createFakeIo({ cwd }) })
  const files = [
    join(DEFAULT_CONFIG_DIR, 'common.yaml'),
    join(DEFAULT_CONFIG_DIR, 'test', 'common.yaml'),
    '.env',
  ]
  t.same(result, {
    code: 0,
    output: `configuration is valid (environment test; read ${files.join(', ')})\n`,
    errors: '',
  })
})

await t.test('config check lists every problem', async (t) => {
  const io = createFakeIo({
    cwd: t.testdir({}),
    env: { APP_HTTP_PORT: 'x', APP_LOG_LEVEL: 'loud' },
  })
  t.same(await run(['config', 'check'], { io }), {
    code: 1,
    output: '',
    errors: [
      'error: The configuration is not valid: 2 problems.',
      '  log.level: expected one of debug, info, warn, error, silent, got "loud" (APP_LOG_LEVEL)',
      '  http.port: expected an integer from 0 to 65535, got "x" (APP_HTTP_PORT)',
      '',
    ].join('\n'),
  })
})

await t.test('config check names an unknown environment and an unreadable folder', async (t) => {
  const unknown = await run(['config', 'check', '--env', 'staging'], {
    io: createFakeIo({ cwd: t.testdir({}) }),
  })
  t.same(unknown, {
    code: 1,
    output: '',
    errors:
      'error: The configuration is not valid: environment: unknown environment "staging" ' +
      '(command line); known: debug, dev, test, prod\n',
  })
  const folder = await run(['config', 'check', '--config-dir', 'etc'], {
    io: createFakeIo({ cwd: t.testdir({}) }),
  })
  t.equal(folder.code, 1)
  t.match(folder.errors, / {2}etc\/common\.yaml: cannot read the file: no such file\n/)
})

await t.test('config print masks secrets and names sources', async (t) => {
  const env = { APP_API_KEY: 'hunter2-hunter2-hunter2', APP_ENV: 'prod' }
  const yaml = await run(['config', 'print'], { io: createFakeIo({ cwd: t.testdir({}), env }) })
  t.equal(yaml.code, 0)
  t.match(yaml.output, /^# environment: prod\n/)
  t.match(yaml.output, /key: "\*{8}" # APP_API_KEY\n/)
  t.notMatch(yaml.output, /hunter2/)
  const json = await run(['config', 'print', '--json'], {
    io: createFakeIo({ cwd: t.testdir({}), env }),
  })
  t.same(JSON.parse(json.output), parse(yaml.output))
  t.notMatch(json.output, /hunter2/)
})
