import { PassThrough } from 'node:stream'
import t from 'tap'
import { createSocketApp } from '../../src/app/create-socket-app.js'
import { testConfig } from '../helpers/app-config.js'
import { occupyPort } from '../helpers/occupied-port.js'

await t.test('socket app listens on a free port and closes', async (t) => {
  const config = await testConfig(t.testdir())
  const app = await createSocketApp({
    ...{ config, environment: 'test' },
    logStream: new PassThrough(),
  }).start()
  t.match(app.addresses, [{ name: 'socket', url: /127\.0\.0\.1:[1-9]/ }])
  await app.close()
})

await t.test('socket app names an occupied port', async (t) => {
  const port = await occupyPort(t)
  const config = await testConfig(t.testdir(), { 'socket.port': port })
  await t.rejects(
    createSocketApp({ config, environment: 'test', logStream: new PassThrough() }).start(),
    {
      code: 'FAILED_PRECONDITION',
      message: new RegExp(`127\\.0\\.0\\.1:${port}`),
    },
  )
})
