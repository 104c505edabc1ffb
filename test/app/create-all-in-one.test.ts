import { PassThrough } from 'node:stream'
import t from 'tap'
import { createAllInOne } from '../../src/app/create-all-in-one.js'
import { testConfig } from '../helpers/app-config.js'
import { call } from '../helpers/http-client.js'

await t.test(
  'all in one serves the three services, the bridge between them included',
  async (t) => {
    const config = await testConfig(t.testdir())
    const app = await createAllInOne({
      ...{ config, environment: 'test' },
      logStream: new PassThrough(),
    }).start()
    t.teardown(() => app.close())
    t.same(
      app.addresses.map(({ name }) => name),
      ['grpc', 'http', 'socket'],
    )
    const [, http, socket] = app.addresses
    t.match(await call('GET', `${http?.url}/grpc/hello?id=1`), {
      status: 200,
      body: { id: 1, name: 'hello world' },
    })
    t.match(await call('GET', `${socket?.url}/health/ready`), { status: 200 })
  },
)
