import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { checkHealth } from '../../src/app/check-health.js'
import { createAllInOne } from '../../src/app/create-all-in-one.js'
import { testConfig } from '../helpers/app-config.js'
import { claimPort, releasePort } from '../helpers/server/free-port.js'

async function startHouse(t: Test, keys: Readonly<Record<string, unknown>> = {}) {
  const folder = t.testdir({})
  const options = { environment: 'test', logStream: new PassThrough() }
  const running = await createAllInOne({
    config: await testConfig(folder, keys),
    ...options,
  }).start()
  t.teardown(() => running.close())
  const ports = Object.fromEntries(
    running.addresses.map(({ name, url }) => [`${name}.port`, Number(url.split(':').at(-1))]),
  )
  return { running, config: await testConfig(folder, { ...keys, ...ports }) }
}

await t.test('check asks each service of the configuration', async (t) => {
  const { config } = await startHouse(t)
  t.strictSame(await checkHealth({ service: 'http', config }), {
    ready: true,
    parts: { store: 'ok' },
  })
  t.match(await checkHealth({ service: 'socket', config }), { ready: true })
  t.strictSame(await checkHealth({ service: 'grpc', config }), { ready: true, parts: {} })
})

await t.test('check asks the plain health line where there is one', async (t) => {
  const port = await claimPort()
  t.teardown(() => releasePort(port))
  const { config } = await startHouse(t, { 'grpc.healthAddress': `127.0.0.1:${port}` })
  const elsewhere = { ...config, grpc: { ...config.grpc, port: 1 } }
  t.strictSame(await checkHealth({ service: 'grpc', config: elsewhere }), {
    ready: true,
    parts: {},
  })
})

await t.test('check reaches on this machine what listens on all addresses', async (t) => {
  const { config } = await startHouse(t)
  const http = { ...config.http, host: '0.0.0.0' }
  t.match(await checkHealth({ service: 'http', config: { ...config, http } }), { ready: true })
  const everywhere = { ...config.http, host: '::', port: 1 }
  await t.rejects(checkHealth({ service: 'http', config: { ...config, http: everywhere } }), {
    message: /at \[::1\]:1\./,
  })
})

await t.test('check names the address where nothing answers', async (t) => {
  const { config, running } = await startHouse(t)
  await running.close()
  for (const service of ['http', 'socket', 'grpc'] as const) {
    await t.rejects(checkHealth({ service, config }), {
      code: 'UNAVAILABLE',
      reason: 'not_running',
      message: new RegExp(
        `^Nothing that is ready answers at 127\\.0\\.0\\.1:${config[service].port}\\.`,
      ),
    })
  }
})
