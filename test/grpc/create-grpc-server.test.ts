import { createHash } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { Registry } from 'prom-client'
import t from 'tap'
import { AppError, INTERNAL_MESSAGE } from '../../src/errors/app-error.js'
import { createGrpcServer } from '../../src/grpc/create-grpc-server.js'
import { loadProtos } from '../../src/grpc/proto.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import {
  API_KEY,
  callRaw,
  connect,
  failureOf,
  GOOD_TOKEN,
  type Metadatum,
  SAY_HELLO,
  serverDeps,
  startServer,
  trailer,
  VERIFY,
} from './harness.js'

const { hello, session } = loadProtos()
const GREET_1 = Buffer.from(hello.SayHello.requestSerialize({ id: 1 }))
const KEY: readonly Metadatum[] = [['x-api-key', API_KEY]]

function tokenRequest(accessToken: string): Buffer {
  return session.Verify.requestSerialize({ accessToken })
}

/** A promise and its resolver. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

await t.test('gRPC server greets anybody and logs the call once', async (t) => {
  const registry = new Registry()
  const { address, logger } = await startServer(t, { registry })
  const answer = await callRaw(connect(t, address), SAY_HELLO, GREET_1)
  t.same(hello.SayHello.responseDeserialize(answer), { id: 1, name: 'hello world' })
  t.match(logger.lines, [
    {
      level: 'info',
      message: 'gRPC call',
      fields: {
        operation: 'hello.HelloService/SayHello',
        status: 'OK',
        latencyMs: Number,
        peer: /^127\.0\.0\.1:\d+$/,
        requestId: /^[0-9a-f-]{36}$/,
      },
    },
  ])
  t.match(await registry.metrics(), 'grpc_method="SayHello",grpc_code="OK"} 1')
})

await t.test('gRPC server verifies a token for who shows the API key', async (t) => {
  const { address } = await startServer(t)
  const client = connect(t, address)
  const good = await callRaw(client, VERIFY, tokenRequest(GOOD_TOKEN), KEY)
  t.same(session.Verify.responseDeserialize(good), {
    active: true,
    principal: {
      userId: 'user-1',
      role: 'admin',
      sessionId: 'session-1',
      clientId: 'client-1',
    },
    expiresAt: { seconds: 1_800_000_000, nanos: 123_000_000 },
    reason: '',
    message: '',
  })
  const bad = await callRaw(client, VERIFY, tokenRequest('bad'), KEY)
  t.same(session.Verify.responseDeserialize(bad), {
    active: false,
    principal: null,
    expiresAt: null,
    reason: 'token_malformed',
    message: 'This is not an access token.',
  })
})

await t.test('gRPC server refuses a service method without the one API key', async (t) => {
  let asked = 0
  const { address, logger } = await startServer(t, {
    authentication: {
      authenticate: () => {
        asked += 1
        return Promise.reject(new Error('must not be asked'))
      },
    },
  })
  const client = connect(t, address)
  const refused: (readonly Metadatum[])[] = [
    [],
    [['x-api-key', '']],
    [['x-api-key', 'wrong']],
    [['x-api-key-bin', Buffer.from(API_KEY)]],
    [...KEY, ...KEY],
    [['authorization', `Bearer ${API_KEY}`]],
  ]
  for (const entries of refused) {
    const error = await failureOf(callRaw(client, VERIFY, tokenRequest(GOOD_TOKEN), entries))
    t.match(error, { code: 16, details: 'This method needs one valid x-api-key.' })
    t.equal(trailer(error, 'reason'), 'api_key_invalid')
    t.match(trailer(error, 'request-id'), /^[0-9a-f-]{36}$/)
  }
  t.equal(asked, 0)
  t.equal(logger.lines.length, refused.length)
  t.notMatch(JSON.stringify(logger.lines), API_KEY)
})

await t.test('gRPC server answers UNIMPLEMENTED for what it does not have', async (t) => {
  const { address } = await startServer(t)
  const client = connect(t, address)
  for (const path of ['/gatehouse.v1.SessionService/Guess', '/no.Such/Method']) {
    t.match(await failureOf(callRaw(client, path, GREET_1, KEY)), { code: 12 })
  }
})

await t.test('gRPC server fails the call when the store cannot be asked', async (t) => {
  const cause = new Error('connect 10.0.0.7')
  const { address, logger } = await startServer(t, {
    authentication: {
      authenticate: () =>
        Promise.reject(
          new AppError('UNAVAILABLE', 'store_unavailable', 'The store is away.', { cause }),
        ),
    },
  })
  const error = await failureOf(callRaw(connect(t, address), VERIFY, tokenRequest('a'), KEY))
  t.match(error, { code: 14, details: 'The store is away.' })
  t.equal(trailer(error, 'reason'), 'store_unavailable')
  t.match(logger.lines, [{ level: 'error', fields: { status: 'UNAVAILABLE', err: cause } }])
})

await t.test('gRPC server tells nothing of an unknown error', async (t) => {
  const { address, logger } = await startServer(t, {
    authentication: { authenticate: () => Promise.reject(new Error('select password from users')) },
  })
  const error = await failureOf(callRaw(connect(t, address), VERIFY, tokenRequest('a'), KEY))
  t.match(error, { code: 13, details: INTERNAL_MESSAGE })
  t.equal(trailer(error, 'reason'), 'internal')
  t.equal(trailer(error, 'request-id'), logger.lines[0]?.fields.requestId)
  t.notMatch(JSON.stringify(error.metadata), 'password')
  t.match(logger.lines, [{ level: 'error', fields: { status: 'INTERNAL' } }])
})

await t.test('gRPC server keeps its limits', async (t) => {
  const { address, logger } = await startServer(
    t,
    { hello: { greet: (id) => ({ id, name: id === 1 ? 'n'.repeat(1_000) : 'short' }) } },
    { messageBytesMax: 500, metadataBytesMax: 1_000 },
  )
  const client = connect(t, address)
  const tooLong = await failureOf(callRaw(client, VERIFY, tokenRequest('t'.repeat(501)), KEY))
  t.match(tooLong, { code: 8, details: /^Received message larger than max/ })
  const tooMuch = await failureOf(callRaw(client, SAY_HELLO, GREET_1))
  t.match(tooMuch, { code: 8, details: /^Sent message larger than max/ })
  t.equal(trailer(tooMuch, 'reason'), 'too_large')
  t.match(logger.lines.at(-1), { fields: { status: 'RESOURCE_EXHAUSTED', reason: 'too_large' } })
  const greedy = await failureOf(
    callRaw(client, SAY_HELLO, Buffer.from([8, 2]), [['x-note', 'n'.repeat(1_000)]]),
  )
  t.match(greedy, { code: 8, details: 'The metadata of a call has at most 1000 bytes.' })
  t.equal(trailer(greedy, 'reason'), 'too_large')
  t.ok(await callRaw(client, SAY_HELLO, Buffer.from([8, 2])))
})

await t.test('gRPC server ends a call that takes too long', async (t) => {
  const { address } = await startServer(
    t,
    { authentication: { authenticate: () => new Promise(() => undefined) } },
    { callTimeoutMs: 20 },
  )
  const error = await failureOf(callRaw(connect(t, address), VERIFY, tokenRequest('a'), KEY))
  t.match(error, { code: 4, details: 'The call took too long.' })
  t.equal(trailer(error, 'reason'), 'call_timeout')
})

await t.test('gRPC server queues calls over the streams of one connection', async (t) => {
  const { opened, open } = gate()
  let running = 0
  let most = 0
  const { address } = await startServer(
    t,
    {
      authentication: {
        authenticate: async () => {
          running += 1
          most = Math.max(most, running)
          await opened
          running -= 1
          throw new AppError('UNAUTHENTICATED', 'token_expired', 'Over.')
        },
      },
    },
    { streamsPerConnectionMax: 2 },
  )
  const client = connect(t, address)
  // The limit is announced in the first frame, so it is known once a call has been answered.
  await callRaw(client, SAY_HELLO, GREET_1)
  const calls = [1, 2, 3, 4, 5].map(() => callRaw(client, VERIFY, tokenRequest('a'), KEY))
  await waitFor('two calls', () => running === 2)
  open()
  await Promise.all(calls)
  t.equal(most, 2)
})

await t.test('gRPC server cuts a peer that answers no ping', async (t) => {
  const { port } = await startServer(t, {}, { keepaliveIntervalMs: 20, keepaliveTimeoutMs: 20 })
  let closed = false
  const socket = connectTcp(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket
    .on('error', () => undefined)
    .on('close', () => {
      closed = true
    })
  socket.resume()
  await waitFor('the connection is cut', () => closed)
  t.ok(closed)
})

await t.test('gRPC server names the address that is taken', async (t) => {
  const { port } = await startServer(t)
  const second = createGrpcServer(serverDeps(createMemoryLogger()), { messageBytesMax: 65_536 })
  await t.rejects(second.start({ host: '127.0.0.1', port }), {
    code: 'FAILED_PRECONDITION',
    reason: 'address_in_use',
    message: `127.0.0.1:${port} is already in use.`,
  })
  await second.close(1_000)
})

await t.test('gRPC server starts once', async (t) => {
  const { server } = await startServer(t)
  const again = { code: 'FAILED_PRECONDITION', reason: 'already_started' }
  await t.rejects(server.start({ host: '127.0.0.1', port: 0 }), again)
  await server.close(1_000)
  await t.rejects(server.start({ host: '127.0.0.1', port: 0 }), again)
})

await t.test('gRPC server closes at once when idle, and twice the same way', async (t) => {
  const { server, address, port, logger } = await startServer(t)
  await callRaw(connect(t, address), SAY_HELLO, GREET_1)
  const idle = connectTcp(port, '127.0.0.1')
  idle.on('error', () => undefined).resume()
  t.teardown(() => idle.destroy())
  await new Promise((resolve) => idle.once('connect', resolve))
  const first = server.close(20_000)
  t.equal(server.close(1), first)
  await first
  t.notOk(
    logger.lines.some((line) => line.level === 'warn'),
    'nothing was forced',
  )
})

await t.test('gRPC server does not wait for a peer that leaves its side open', async (t) => {
  const { server, port } = await startServer(t)
  // Never reads, so it never learns that it should close.
  const deaf = connectTcp({ host: '127.0.0.1', port, allowHalfOpen: true })
  deaf.on('error', () => undefined)
  t.teardown(() => deaf.destroy())
  await new Promise((resolve) => deaf.once('connect', resolve))
  await t.resolves(server.close(20))
})

await t.test('gRPC server that never started closes', async (t) => {
  const server = createGrpcServer(serverDeps(createMemoryLogger()), { messageBytesMax: 65_536 })
  await t.resolves(server.close(0))
})

await t.test('gRPC server lets a call finish before it closes', async (t) => {
  const { opened, open } = gate()
  let arrived = false
  const { server, address } = await startServer(t, {
    authentication: {
      authenticate: async () => {
        arrived = true
        await opened
        throw new AppError('UNAUTHENTICATED', 'token_expired', 'Over.')
      },
    },
  })
  const call = callRaw(connect(t, address), VERIFY, tokenRequest('a'), KEY)
  await waitFor('the call is under way', () => arrived)
  let closed = false
  const closing = server.close(20_000).then(() => {
    closed = true
  })
  const late = await failureOf(callRaw(connect(t, address), SAY_HELLO, GREET_1))
  t.equal(late.code, 14, 'no new connection')
  t.equal(closed, false)
  open()
  t.match(session.Verify.responseDeserialize(await call), { reason: 'token_expired' })
  await closing
})

await t.test('gRPC server cuts a stuck call at the deadline', async (t) => {
  let arrived = false
  const { server, address, logger } = await startServer(t, {
    authentication: {
      authenticate: () => {
        arrived = true
        return new Promise(() => undefined)
      },
    },
  })
  const call = failureOf(callRaw(connect(t, address), VERIFY, tokenRequest('a'), KEY))
  await waitFor('the call is under way', () => arrived)
  await server.close(10)
  t.ok([1, 14].includes((await call).code))
  t.match(
    logger.lines.find((line) => line.level === 'warn'),
    { fields: { deadlineMs: 10 }, message: /cut off at the deadline/ },
  )
  await waitFor('the log line of the call', () =>
    logger.lines.some((line) => line.fields.status === 'CANCELLED'),
  )
})

await t.test('gRPC server answers 2,000 calls over 50 lines, each with its own', async (t) => {
  const { address } = await startServer(t, {
    hello: { greet: (id) => ({ id, name: createHash('sha1').update(`${id}`).digest('hex') }) },
  })
  const client = connect(t, address)
  let wrong = 0
  let next = 0
  const line = async (): Promise<void> => {
    while (next < 2_000) {
      const id = (next += 1)
      const bytes = await callRaw(client, SAY_HELLO, hello.SayHello.requestSerialize({ id }))
      const answer = hello.SayHello.responseDeserialize(bytes)
      const name = createHash('sha1').update(`${id}`).digest('hex')
      if (answer.id !== id || answer.name !== name) wrong += 1
    }
  }
  await Promise.all(Array.from({ length: 50 }, line))
  t.equal(wrong, 0)
})
