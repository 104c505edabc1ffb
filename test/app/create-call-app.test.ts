import { PassThrough } from 'node:stream'
import t from 'tap'
import { createCallApp } from '../../src/app/create-call-app.js'
import { createGrpcApp } from '../../src/app/create-grpc-app.js'
import { testConfig } from '../helpers/app-config.js'

await t.test('call app calls the service of the configuration', async (t) => {
  const folder = t.testdir({})
  const config = await testConfig(folder)
  const options = { config, environment: 'test', logStream: new PassThrough() }
  const running = await createGrpcApp(options).start()
  t.teardown(() => running.close())
  const grpcAddress = running.addresses[0]?.url ?? ''
  const calls = createCallApp({
    config: await testConfig(folder, { 'http.grpcAddress': grpcAddress }),
  })
  t.teardown(() => calls.close())
  t.strictSame(await calls.hello(1), { id: 1, name: 'hello world' })
  t.match(await calls.verify('x'), { active: false, reason: 'token_malformed' })
})

await t.test('call app does not send the API key over a network in the clear', async (t) => {
  const config = await testConfig(t.testdir({}), { 'http.grpcAddress': '192.0.2.1:9090' })
  const calls = createCallApp({ config })
  t.teardown(() => calls.close())
  await t.rejects(calls.verify('x'), {
    code: 'FAILED_PRECONDITION',
    reason: 'line_not_safe',
    message: /192\.0\.2\.1:9090 would be called without TLS/,
  })
})
