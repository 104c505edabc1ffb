import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { createGrpcChannel } from '../../src/grpc/create-grpc-channel.js'
import { createHelloClient } from '../../src/grpc/create-hello-client.js'
import { startServer } from './harness.js'

await t.test('hello client brings the greeting of the service', async (t) => {
  const { address } = await startServer(t)
  const channel = createGrpcChannel({ address, messageBytesMax: 65_536 })
  t.teardown(() => channel.close())
  const hello = createHelloClient({ channel, callTimeoutMs: 20_000 })
  t.strictSame(await hello.sayHello(1), { id: 1, name: 'hello world' })
  t.strictSame(await hello.sayHello(-(2 ** 31)), { id: -(2 ** 31), name: 'hello gRPC' })
})

await t.test('hello client refuses what is not an int32 before it calls', async (t) => {
  const channel = { call: () => Promise.reject(new Error('called')), close: async () => undefined }
  const hello = createHelloClient({ channel, callTimeoutMs: 1 })
  for (const id of [2 ** 31, -(2 ** 31) - 1, 1.5, NaN, Infinity]) {
    await t.rejects(hello.sayHello(id), {
      code: 'INVALID_ARGUMENT',
      details: [{ path: 'id' }],
      message: 'An id is a whole number from -2147483648 to 2147483647.',
    })
  }
})

await t.test('hello client passes the failure of the channel on', async (t) => {
  const away = new AppError('UNAVAILABLE', 'grpc_unavailable', 'Away.')
  const channel = { call: () => Promise.reject(away), close: async () => undefined }
  await t.rejects(createHelloClient({ channel, callTimeoutMs: 1 }).sayHello(1), away)
})
