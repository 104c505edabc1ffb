import t, { type Test } from 'tap'
import type { CliApps } from '../../src/cli/cli-apps.js'
import type { Config } from '../../src/config/schema.js'
import { AppError } from '../../src/errors/app-error.js'
import { waitFor } from '../helpers/wait-for.js'
import { createFakeApps, createFakeIo, createFakeRunningApp, run } from './fake-cli.js'

type Start = 'startHttp' | 'startSocket' | 'startGrpc' | 'startAll'

/** Starts a service, stops it by a signal once it is up, and tells how it went. */
async function serve(
  t: Test,
  argv: readonly string[],
  start: Start,
  given: { env?: Record<string, string>; app?: Partial<ReturnType<typeof createFakeRunningApp>> },
) {
  const io = createFakeIo({ env: given.env ?? {}, cwd: t.testdir({}) })
  const app = createFakeRunningApp(given.app)
  const seen: { config: Config; environment: string }[] = []
  const starter: CliApps[Start] = async (config, environment) => {
    seen.push({ config, environment })
    return app
  }
  const finished = run(argv, { io, apps: createFakeApps({ [start]: starter }) })
  await waitFor('the start', () => seen.length > 0)
  io.kill('SIGTERM')
  const result = await finished
  t.equal(app.closed, 1)
  t.equal(io.listenerCount(), 0)
  return { ...result, app, ...(seen[0] ?? { config: null, environment: '' }) }
}

await t.test('each service starts with its configuration and ends with 0', async (t) => {
  const cases = [
    ['http', 'startHttp'],
    ['socket', 'startSocket'],
    ['grpc', 'startGrpc'],
  ] as const
  for (const [name, start] of cases) {
    const plain = await serve(t, [name], start, {})
    t.equal(plain.code, 0)
    t.equal(plain.environment, 'debug')
    t.equal(plain.output, '', 'its log names the address')
    t.equal(plain.errors, '')
    const set = await serve(t, [name, '--port', '0', '--env', 'test'], start, {
      env: { APP_HTTP_PORT: '1', APP_SOCKET_PORT: '2', APP_GRPC_PORT: '3' },
    })
    t.equal(set.environment, 'test')
    t.same(
      [set.config?.http.port, set.config?.socket.port, set.config?.grpc.port],
      [name === 'http' ? 0 : 1, name === 'socket' ? 0 : 2, name === 'grpc' ? 0 : 3],
      '--port is over the environment and concerns one service',
    )
  }
})

await t.test('up prints the addresses, the place of the data and the hint', async (t) => {
  const { code, output } = await serve(t, ['up'], 'startAll', {
    app: { firstRunHint: 'Make the first administrator:\n  app user create' },
  })
  t.equal(code, 0)
  t.equal(
    output,
    [
      'Gatehouse is up.',
      '  http    http://127.0.0.1:8080',
      '  socket  ws://127.0.0.1:30000',
      '  data    /var/lib/app',
      '',
      'Make the first administrator:',
      '  app user create',
      '',
      'Ctrl-C stops it.',
      '',
    ].join('\n'),
  )
})

await t.test('up has no hint when there is nothing left to do', async (t) => {
  const { output } = await serve(t, ['up'], 'startAll', {})
  t.match(output, /data {4}\/var\/lib\/app\n\nCtrl-C stops it\.\n$/)
})

await t.test('up sets the three ports', async (t) => {
  const argv = ['up', '--http-port', '1', '--socket-port', '2', '--grpc-port', '0']
  const { config } = await serve(t, argv, 'startAll', {})
  t.same([config?.http.port, config?.socket.port, config?.grpc.port], [1, 2, 0])
})

await t.test('up keeps a log of JSON clean', async (t) => {
  const { output, app } = await serve(t, ['up'], 'startAll', { env: { APP_LOG_FORMAT: 'json' } })
  t.equal(output, '')
  t.same(app.lines[0], {
    fields: { addresses: app.addresses, dataLocation: '/var/lib/app', firstRunHint: null },
    message: 'Gatehouse is up',
  })
})

await t.test('warnings of the configuration come once, on stderr', async (t) => {
  const { errors, code } = await serve(t, ['http'], 'startHttp', { env: { APP_FOO: '1' } })
  t.equal(code, 0)
  t.equal(errors, 'warning: the environment variable APP_FOO is not known and has no effect\n')
})

await t.test('a start that fails is one line and exit code 1', async (t) => {
  const io = createFakeIo({ cwd: t.testdir({}) })
  const inUse = Object.assign(new Error('listen'), {
    code: 'EADDRINUSE',
    syscall: 'listen',
    address: '127.0.0.1',
    port: 8080,
  })
  const error = new AppError('UNAVAILABLE', 'listen_failed', 'Cannot start.', { cause: inUse })
  const result = await run(['http'], {
    io,
    apps: createFakeApps({ startHttp: () => Promise.reject(error) }),
  })
  t.same(result, {
    code: 1,
    output: '',
    errors: 'error: Cannot start: 127.0.0.1:8080 is already in use\n',
  })
})

await t.test('a port that is none is exit code 2', async (t) => {
  for (const argv of [
    ['http', '--port', 'abc'],
    ['up', '--grpc-port', '65536'],
  ]) {
    const { code, errors } = await run(argv)
    t.equal(code, 2)
    t.match(errors, /^error: option '--(?:grpc-)?port <number>' argument '\w+' is invalid\./)
    t.match(errors, /Expected an integer from 0 to 65535\.\n$/)
  }
})
