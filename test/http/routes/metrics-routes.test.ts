import { Counter, Registry } from 'prom-client'
import t from 'tap'
import { API_KEY, createTestServer } from '../../helpers/http-fakes.js'

await t.test('the metrics are for who has the API key', async (t) => {
  const registry = new Registry()
  new Counter({ name: 'probe_total', help: 'A probe.', registers: [registry] }).inc(7)
  const { server } = createTestServer({ deps: { registry } })
  for (const headers of [{ 'x-api-key': API_KEY }, { authorization: `Bearer ${API_KEY}` }]) {
    const response = await server.inject({ url: '/metrics', headers })
    t.equal(response.statusCode, 200)
    t.match(response.payload, 'probe_total 7')
    t.equal(response.headers['content-type'], registry.contentType)
  }
  await server.close()
})

await t.test('nobody else reads them', async (t) => {
  const { server } = createTestServer()
  for (const headers of [{}, { 'x-api-key': 'wrong' }, { authorization: 'Bearer access-1' }]) {
    const response = await server.inject({ url: '/metrics', headers })
    t.match(response.json(), { status: 401, reason: 'api_key_invalid' })
    t.equal(response.headers['www-authenticate'], 'Bearer')
  }
  const { server: keyless } = createTestServer({ deps: { apiKey: '' } })
  t.equal((await keyless.inject({ url: '/metrics', headers: { 'x-api-key': '' } })).statusCode, 401)
  await server.close()
  await keyless.close()
})
