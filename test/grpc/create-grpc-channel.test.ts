import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { createGrpcChannel, type GrpcChannel } from '../../src/grpc/create-grpc-channel.js'
import { createGrpcServer } from '../../src/grpc/create-grpc-server.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { serverDeps, startServer } from './harness.js'

interface Teardown {
  teardown(fn: () => unknown): void
}

function channelTo(t: Teardown, address: string): GrpcChannel {
  const channel = createGrpcChannel({ address, messageBytesMax: 65_536 })
  t.teardown(() => channel.close())
  return channel
}

function sayHello(channel: GrpcChannel, timeoutMs = 20_000): Promise<unknown> {
  return channel.call((protos) => protos.hello.SayHello, { id: 1 }, timeoutMs)
}

/** A TCP server that accepts and says nothing, with the number of connections it has seen. */
async function silentServer(t: Teardown): Promise<{ port: number; seen: () => number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, seen: () => sockets.size }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

await t.test('channel connects at the first call and is shared by many', async (t) => {
  const { port, seen } = await silentServer(t)
  const unused = channelTo(t, `127.0.0.1:${port}`)
  await unused.close()
  t.equal(seen(), 0)
  const { address, logger } = await startServer(t)
  const channel = channelTo(t, address)
  const answers = await Promise.all(Array.from({ length: 20 }, () => sayHello(channel)))
  t.equal(answers.length, 20)
  await waitFor('all calls are logged', () => logger.lines.length === 20)
  t.equal(new Set(logger.lines.map((line) => line.fields.peer)).size, 1, 'one connection')
})

await t.test('channel says UNAVAILABLE when nobody listens', async (t) => {
  const channel = channelTo(t, `127.0.0.1:${await freePort()}`)
  await t.rejects(sayHello(channel), {
    code: 'UNAVAILABLE',
    reason: 'grpc_unavailable',
    message: 'The gRPC service cannot be reached.',
  })
})

await t.test('channel says UNAVAILABLE when somebody listens but never speaks', async (t) => {
  const { port } = await silentServer(t)
  await t.rejects(sayHello(channelTo(t, `127.0.0.1:${port}`), 200), {
    code: 'UNAVAILABLE',
    reason: 'grpc_unavailable',
  })
})

await t.test('channel says DEADLINE_EXCEEDED when the answer is late', async (t) => {
  const { address } = await startServer(t, {
    authentication: { authenticate: () => new Promise(() => undefined) },
    apiKey: '',
    readiness: { isReady: () => true, check: () => new Promise(() => undefined) },
  })
  const channel = channelTo(t, address)
  await sayHello(channel)
  const check = channel.call(
    () => ({
      path: '/grpc.health.v1.Health/Check',
      requestSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    }),
    Buffer.alloc(0),
    200,
  )
  await t.rejects(check, {
    code: 'DEADLINE_EXCEEDED',
    message: 'The gRPC service did not answer in time.',
  })
})

await t.test('channel finds a service that comes back', async (t) => {
  const port = await freePort()
  const channel = channelTo(t, `127.0.0.1:${port}`)
  await t.rejects(sayHello(channel), { code: 'UNAVAILABLE' })
  const server = createGrpcServer(serverDeps(createMemoryLogger()), { messageBytesMax: 65_536 })
  await server.start({ host: '127.0.0.1', port })
  t.teardown(() => server.close(0))
  const answer = await waitFor('the channel reconnects', () => sayHello(channel).catch(() => null))
  t.same(answer, { id: 1, name: 'hello world' })
})

await t.test('channel takes no call after close, which may come twice', async (t) => {
  const { address } = await startServer(t)
  const channel = channelTo(t, address)
  await sayHello(channel)
  await Promise.all([channel.close(), channel.close()])
  await t.rejects(sayHello(channel), {
    code: 'UNAVAILABLE',
    reason: 'channel_closed',
    message: 'This process is shutting down.',
  })
})

await t.test('channel closed while it opens makes no call', async (t) => {
  const { address, logger } = await startServer(t)
  const channel = channelTo(t, address)
  const call = sayHello(channel)
  const refused = t.rejects(call, { code: 'UNAVAILABLE', reason: 'channel_closed' })
  await channel.close()
  await refused
  t.equal(logger.lines.length, 0)
})

await t.test('channel with an address that is none fails the call, not the process', async (t) => {
  await t.rejects(sayHello(channelTo(t, '\u0000')), { name: 'AppError' })
})
