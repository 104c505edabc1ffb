import { PassThrough } from 'node:stream'
import t from 'tap'
import { createSocketApp } from '../../src/app/create-socket-app.js'
import { runSocketClient } from '../../src/app/run-socket-client.js'
import { testConfig } from '../helpers/app-config.js'

await t.test('socket client sends one JSON message in place of its input', async (t) => {
  const config = await testConfig(t.testdir())
  const app = await createSocketApp({
    ...{ config, environment: 'test' },
    logStream: new PassThrough(),
  }).start()
  t.teardown(() => app.close())
  const output = new PassThrough({ encoding: 'utf8' })
  const errorOutput = new PassThrough({ encoding: 'utf8' })
  const code = await runSocketClient({
    url: `${app.addresses[0]?.url.replace('http', 'ws')}/socket_server`,
    ...{ input: new PassThrough(), output, errorOutput },
    signal: new AbortController().signal,
    json: { name: 'ann', age: '7' },
    stay: false,
  })
  t.equal(errorOutput.read(), null)
  t.equal(output.read(), '{"data":{"message":"recv msg：ann_7"}}\n')
  t.equal(code, 0)
})
