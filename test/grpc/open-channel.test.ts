import t from 'tap'
import { AppError, invalidArgument } from '../../src/errors/app-error.js'
import { type ClientMethod, openChannel, type OpenChannel } from '../../src/grpc/open-channel.js'
import { startServer } from './harness.js'

function open(t: { teardown(fn: () => unknown): void }, address: string, bytes = 65_536) {
  const channel = openChannel({
    address,
    messageBytesMax: bytes,
    keepaliveIntervalMs: 30_000,
    keepaliveTimeoutMs: 10_000,
    tls: null,
  })
  t.teardown(() => {
    channel.close()
  })
  return channel
}

function sayHello(channel: OpenChannel): Promise<unknown> {
  return channel.call((protos) => protos.hello.SayHello, { id: 1 }, 20_000, {})
}

await t.test('open channel calls the chosen method', async (t) => {
  const { address } = await startServer(t)
  t.same(await sayHello(open(t, address)), { id: 1, name: 'hello world' })
})

await t.test('open channel raises the AppError of the status', async (t) => {
  const failures = [
    invalidArgument('Say it otherwise.'),
    new AppError('NOT_FOUND', 'gone', 'Row 7'),
  ]
  const { address } = await startServer(t, {
    hello: {
      greet: () => {
        throw failures.shift() ?? new Error('secret')
      },
    },
  })
  const channel = open(t, address)
  await t.rejects(sayHello(channel), {
    code: 'INVALID_ARGUMENT',
    reason: 'invalid_argument',
    message: 'Say it otherwise.',
  })
  await t.rejects(sayHello(channel), {
    code: 'NOT_FOUND',
    reason: 'gone',
    message: 'The gRPC service knows no such thing.',
  })
  await t.rejects(sayHello(channel), { code: 'INTERNAL', reason: 'internal' })
})

await t.test('open channel raises UNIMPLEMENTED for an unknown method', async (t) => {
  const { address } = await startServer(t)
  const unknown: ClientMethod<Buffer, Buffer> = {
    path: '/hello.HelloService/Nothing',
    requestSerialize: (bytes) => bytes,
    responseDeserialize: (bytes) => bytes,
  }
  const call = open(t, address).call(() => unknown, Buffer.alloc(0), 20_000, {})
  await t.rejects(call, {
    code: 'UNIMPLEMENTED',
    reason: 'grpc_unimplemented',
    message: 'The gRPC service does not offer this.',
  })
})

await t.test('open channel refuses an answer that is too large', async (t) => {
  const { address } = await startServer(t, {
    hello: { greet: (id) => ({ id, name: 'n'.repeat(2_000) }) },
  })
  await t.rejects(sayHello(open(t, address, 1_000)), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'grpc_resource_exhausted',
  })
})
