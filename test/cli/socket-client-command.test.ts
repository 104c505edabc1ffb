import { PassThrough } from 'node:stream'
import t from 'tap'
import type { SocketClientOptions } from '../../src/cli/cli-apps.js'
import { AppError } from '../../src/errors/app-error.js'
import { createFakeApps, createFakeIo, run } from './fake-cli.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('socket-client connects its streams and gives its exit code', async (t) => {
  const stdin = new PassThrough()
  const io = createFakeIo({ stdin })
  const seen: SocketClientOptions[] = []
  const apps = createFakeApps({
    runSocketClient: async (options) => {
      seen.push(options)
      options.output.write('recv data:hello\n')
      return 0
    },
  })
  const result = await run(['socket-client'], { io, apps })
  t.same(result, { code: 0, output: 'recv data:hello\n', errors: '' })
  t.equal(seen[0]?.url, 'ws://127.0.0.1:30000/socket_server')
  t.equal(seen[0]?.input, stdin)
  t.equal(seen[0]?.json, null)
  t.equal(seen[0]?.stay, false)
  t.ok(stdin.destroyed, 'the terminal does not keep the process alive')
  t.equal(io.listenerCount(), 0)
})

await t.test('socket-client hands on the URL and the JSON message', async (t) => {
  const seen: SocketClientOptions[] = []
  const apps = createFakeApps({
    runSocketClient: async (options) => {
      seen.push(options)
      return 3
    },
  })
  const url = ['--url', 'wss://a.example/x']
  t.equal((await run(['socket-client', ...url, '--json', 'ann', '7'], { apps })).code, 3)
  t.equal((await run(['socket-client', '--json', 'ann', '--stay', ...url], { apps })).code, 3)
  t.same(
    seen.map((options) => [options.url, options.json, options.stay]),
    [
      ['wss://a.example/x', { name: 'ann', age: '7' }, false],
      ['wss://a.example/x', { name: 'ann' }, true],
    ],
  )
})

await t.test('the first signal asks the client to leave, the second ends it', async (t) => {
  const io = createFakeIo()
  let signal: AbortSignal | null = null
  const apps = createFakeApps({
    runSocketClient: (options) => {
      signal = options.signal
      return new Promise(() => undefined)
    },
  })
  const finished = run(['socket-client'], { io, apps })
  await waitFor('the client', () => signal)
  io.kill('SIGINT')
  await waitFor('the wish to leave', () => signal?.aborted)
  io.kill('SIGINT')
  t.equal((await finished).code, 1)
  t.equal(io.listenerCount(), 0)
})

await t.test('socket-client tells a refusal', async (t) => {
  const apps = createFakeApps({
    runSocketClient: () =>
      Promise.reject(
        new AppError('PERMISSION_DENIED', 'connection_refused', 'ws://x answered 403.'),
      ),
  })
  t.same(await run(['socket-client'], { apps }), {
    code: 1,
    output: '',
    errors: 'error: ws://x answered 403.\n',
  })
})

await t.test('socket-client refuses what makes no sense', async (t) => {
  const cases = [
    [
      ['--url', 'http://a'],
      /argument 'http:\/\/a' is invalid\. Expected a URL that begins with ws/,
    ],
    [['--json', 'ann', 'seven'], /^error: the age 'seven' is not a whole number\n$/],
    [['--json', 'a', '1', '2'], /^error: --json takes a name and an age, nothing more\n$/],
  ] as const
  for (const [argv, message] of cases) {
    const { code, errors } = await run(['socket-client', ...argv])
    t.equal(code, 2)
    t.match(errors, message)
  }
})
