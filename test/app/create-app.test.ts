import { PassThrough } from 'node:stream'
import t from 'tap'
import { createApp } from '../../src/app/create-app.js'
import type { ServiceRunner } from '../../src/app/service-runner.js'
import { AppError } from '../../src/errors/app-error.js'
import { testConfig } from '../helpers/app-config.js'

function runner(
  name: ServiceRunner['name'],
  events: string[],
  overrides: Partial<ServiceRunner> = {},
): ServiceRunner {
  return {
    name,
    async start(core, _config, _environment, siblings) {
      events.push(`start ${name} ${core.readiness.isReady()} ${siblings.grpc?.port ?? 'alone'}`)
      return {
        address: { host: '127.0.0.1', port: 4000 },
        async close() {
          events.push(`close ${name} ${core.readiness.isReady()}`)
        },
      }
    },
    ...overrides,
  }
}

async function options(dataDir: string) {
  return { config: await testConfig(dataDir), environment: 'test', logStream: new PassThrough() }
}

await t.test('app starts its services in order and closes them with readiness off', async (t) => {
  const events: string[] = []
  const dataDir = t.testdir()
  const app = await createApp(
    'up',
    [runner('grpc', events), runner('http', events)],
    await options(dataDir),
  ).start()
  t.same(app.addresses, [
    { name: 'grpc', url: '127.0.0.1:4000' },
    { name: 'http', url: 'http://127.0.0.1:4000' },
  ])
  t.equal(app.dataLocation, dataDir)
  t.match(app.firstRunHint, /npx app user create .*--role admin/)
  await Promise.all([app.close(), app.close()])
  t.same(events, [
    'start grpc false alone',
    'start http false 4000',
    'close grpc false',
    'close http false',
  ])
})

await t.test('app that cannot start closes what it had opened and says why', async (t) => {
  const events: string[] = []
  const failing = runner('http', events, {
    start: () =>
      Promise.reject(new AppError('FAILED_PRECONDITION', 'port_in_use', 'The port is in use.')),
  })
  await t.rejects(
    createApp('up', [runner('grpc', events), failing], await options(t.testdir())).start(),
    {
      code: 'FAILED_PRECONDITION',
      message: 'The port is in use.',
    },
  )
  t.same(events, ['start grpc false alone', 'close grpc false'])
})

await t.test('app reports a service that cannot be closed after closing the others', async (t) => {
  const events: string[] = []
  const stuck: ServiceRunner = {
    name: 'socket',
    start: async () => ({
      address: { host: '127.0.0.1', port: 1 },
      close: () => Promise.reject(new Error('stuck')),
    }),
  }
  const app = await createApp(
    'up',
    [stuck, runner('http', events)],
    await options(t.testdir()),
  ).start()
  await t.rejects(app.close(), { reason: 'close_failed', message: 'Could not close: services.' })
  t.same(events, ['start http false alone', 'close http false'])
})
