import t from 'tap'
import { openGrpcChannel, usesTls } from '../../src/app/open-grpc-channel.js'
import { systemClock } from '../../src/app/system-clock.js'
import { testConfig } from '../helpers/app-config.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

await t.test('a channel uses TLS when the configuration has certificates', async (t) => {
  const folder = t.testdir({})
  const plain = await testConfig(folder)
  t.equal(usesTls(plain.grpc), false)
  const client = await testConfig(folder, { 'grpc.client.caFile': 'ca.pem' })
  t.equal(usesTls(client.grpc), true)
  const files = { 'grpc.tls.certFile': 's.pem', 'grpc.tls.keyFile': 's.key' }
  t.equal(usesTls((await testConfig(folder, files)).grpc), true)
  const deps = { clock: systemClock, logger: createMemoryLogger() }
  const channel = openGrpcChannel(client, 'localhost:1', deps)
  t.teardown(() => channel.close())
  await t.rejects(
    channel.call((protos) => protos.hello.SayHello, { id: 1 }, 1_000),
    { code: 'FAILED_PRECONDITION', reason: 'tls_file_unusable', message: /ca\.pem/ },
  )
})
