import t from 'tap'
import { createGrpcChannel } from '../../src/grpc/create-grpc-channel.js'
import { createHealthClient } from '../../src/grpc/create-health-client.js'
import { AppError } from '../../src/errors/app-error.js'
import { startServer } from './harness.js'

await t.test('health client asks whether the server is serving', async (t) => {
  const { address } = await startServer(t)
  const channel = createGrpcChannel({ address, messageBytesMax: 65_536 })
  t.teardown(() => channel.close())
  t.equal(await createHealthClient({ channel, callTimeoutMs: 20_000 }).isServing(), true)
})

await t.test('health client passes the failure of the channel on', async (t) => {
  const away = new AppError('UNAVAILABLE', 'grpc_unavailable', 'Away.')
  const channel = { call: () => Promise.reject(away), close: async () => undefined }
  await t.rejects(createHealthClient({ channel, callTimeoutMs: 1 }).isServing(), away)
})
