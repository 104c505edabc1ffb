import { createServer } from 'node:net'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { describeFailure, oneLine, printable, stackOf } from '../../src/cli/describe-failure.js'
import { AppError, invalidArgument, toAppError } from '../../src/errors/app-error.js'

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

await t.test('an AppError is its sentence and its details', async (t) => {
  const error = invalidArgument('Two things are wrong.', [
    { path: 'username', message: 'too short' },
    { path: 'email', message: 'no at sign' },
  ])
  t.same(describeFailure(error), {
    line: 'Two things are wrong.',
    details: ['username: too short', 'email: no at sign'],
  })
})

await t.test('a detail that the sentence holds is not said twice', async (t) => {
  const message = 'A username has 3 to 32 characters.'
  t.same(describeFailure(invalidArgument(message, [{ path: 'username', message }])), {
    line: message,
    details: [],
  })
})

await t.test('an occupied port is named, however deep it lies', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const second = createServer().listen(port, '127.0.0.1')
  const [error] = (await once(second, 'error').catch((thrown: unknown) => [thrown])) as [unknown]
  const line = `127.0.0.1:${port} is already in use`
  t.equal(describeFailure(error).line, line)
  t.equal(describeFailure(toAppError(error)).line, line)
  t.equal(describeFailure(new AggregateError([new Error('x'), error])).line, line)
  t.equal(
    describeFailure(new AppError('UNAVAILABLE', 'listen_failed', 'No start.', { cause: error }))
      .line,
    `No start: ${line}`,
  )
  t.equal(
    describeFailure(
      new AppError('UNAVAILABLE', 'listen_failed', `Somebody is on 127.0.0.1:${port}.`, {
        cause: error,
      }),
    ).line,
    `Somebody is on 127.0.0.1:${port}.`,
    'a sentence that names the port is enough',
  )
})

await t.test('listening can fail in other ways', async (t) => {
  const failed = (fields: object): string =>
    describeFailure(Object.assign(new Error('listen'), { syscall: 'listen', ...fields })).line
  t.equal(failed({ code: 'EADDRINUSE', address: '::1', port: 80 }), '[::1]:80 is already in use')
  t.equal(
    failed({ code: 'EACCES', address: '0.0.0.0', port: 80 }),
    'no permission to listen on 0.0.0.0:80',
  )
  t.equal(
    failed({ code: 'EADDRNOTAVAIL', port: 80 }),
    'cannot listen on localhost:80 (EADDRNOTAVAIL)',
  )
  t.equal(failed({ address: '/run/app.sock' }), 'cannot listen on /run/app.sock (unknown cause)')
  const grpc =
    'No address added out of total 1 resolved errors: ' +
    '[listen EADDRINUSE: address already in use 127.0.0.1:9090]'
  t.equal(describeFailure(new Error(grpc)).line, '127.0.0.1:9090 is already in use')
  const grpc6 = 'errors: [listen EADDRINUSE: address already in use ::1:9090]'
  t.match(describeFailure(new Error(grpc6)).line, /:9090 is already in use$/)
})

await t.test('a file is named with what is wrong with it', async (t) => {
  const dir = t.testdir({ folder: {}, file: 'x' })
  const read = (path: string) => failureOf(() => readFile(join(dir, path)))
  t.equal(describeFailure(await read('nope')).line, `${join(dir, 'nope')}: no such file or folder`)
  const below = join(dir, 'file', 'x')
  t.equal(
    describeFailure(await read('file/x')).line,
    `${below}: a part of the path is not a folder`,
  )
  const denied = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/etc/x' })
  t.equal(describeFailure(denied).line, '/etc/x: permission denied')
  const odd = Object.assign(new Error('EMFILE'), { code: 'EMFILE', path: '/a\u001b[2J' })
  t.equal(describeFailure(odd).line, '/a\ufffd[2J: EMFILE')
})

await t.test('anything else is one line of its message', async (t) => {
  t.same(describeFailure(new Error('first\n  at second')), { line: 'first', details: [] })
  t.equal(
    describeFailure(toAppError(new TypeError('x is not a function'))).line,
    'x is not a function',
  )
  t.equal(describeFailure(toAppError('text')).line, 'text')
  t.equal(describeFailure(new RangeError()).line, 'RangeError')
  t.equal(describeFailure(new AppError('INTERNAL', 'internal', 'Odd.')).line, 'Odd.')
})

await t.test('causes that go round in a circle come to an end', async (t) => {
  const error: Error & { cause?: unknown } = new Error('round')
  error.cause = error
  t.equal(describeFailure(error).line, 'round')
  t.match(stackOf(error), /caused by: Error: round/)
})

await t.test('stackOf shows the causes', async (t) => {
  const stack = stackOf(toAppError(new Error('inner')))
  t.match(stack, /^AppError: Something went wrong[^]*caused by: Error: inner[^]* at /)
  t.equal(stackOf('text'), 'text')
  const bare = new Error('bare')
  delete bare.stack
  t.equal(stackOf(bare), 'bare')
})

await t.test('oneLine and printable disarm the terminal', async (t) => {
  t.equal(oneLine('a\tb\r\nc'), 'a\ufffdb')
  t.equal(oneLine(''), '')
  t.equal(printable('\u009b1m\u2028ü'), '\ufffd1m\ufffdü')
})
