import { PassThrough } from 'node:stream'
import t from 'tap'
import { createHttpApp } from '../../src/app/create-http-app.js'
import { testConfig } from '../helpers/app-config.js'
import { occupyPort } from '../helpers/occupied-port.js'

await t.test('http app listens on a free port and closes', async (t) => {
  const config = await testConfig(t.testdir())
  const app = await createHttpApp({
    ...{ config, environment: 'test' },
    logStream: new PassThrough(),
  }).start()
  t.match(app.addresses, [{ name: 'http', url: /127\.0\.0\.1:[1-9]/ }])
  await app.close()
})

await t.test('http app names an occupied port', async (t) => {
  const port = await occupyPort(t)
  const config = await testConfig(t.testdir(), { 'http.port': port })
  await t.rejects(
    createHttpApp({ config, environment: 'test', logStream: new PassThrough() }).start(),
    {
      code: 'FAILED_PRECONDITION',
      message: new RegExp(`127\\.0\\.0\\.1:${port}`),
    },
  )
})
