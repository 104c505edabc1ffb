import t from 'tap'
import { createTestServer } from '../../helpers/http-fakes.js'

await t.test('live answers as long as the process runs', async (t) => {
  const readiness = { isReady: () => false, check: () => Promise.reject(new Error('not asked')) }
  const { server } = createTestServer({ deps: { readiness } })
  const response = await server.inject('/health/live')
  t.equal(response.statusCode, 200)
  t.same(response.json(), { status: 'ok' })
  await server.close()
})

await t.test('ready names its parts', async (t) => {
  const { server } = createTestServer()
  const response = await server.inject('/health/ready')
  t.equal(response.statusCode, 200)
  t.same(response.json(), { status: 'ok', parts: { sql: 'ok' } })
  await server.close()
})

await t.test('ready is 503 while a part fails, and while starting or shutting down', async (t) => {
  const ask = async (isReady: boolean, ready: boolean) => {
    const parts = { sql: 'ok', sessions: ready ? 'ok' : 'failing' } as const
    const readiness = { isReady: () => isReady, check: () => Promise.resolve({ ready, parts }) }
    const { server } = createTestServer({ deps: { readiness } })
    const response = await server.inject('/health/ready')
    await server.close()
    return [response.statusCode, response.json<unknown>()]
  }
  const parts = { sql: 'ok', sessions: 'ok' }
  t.same(await ask(true, true), [200, { status: 'ok', parts }])
  t.same(await ask(false, true), [503, { status: 'unavailable', parts }])
  t.same(await ask(true, false), [
    503,
    { status: 'unavailable', parts: { sql: 'ok', sessions: 'failing' } },
  ])
})
