import t from 'tap'
import { httpService } from '../../src/app/http-service.js'
import { formatAddress } from '../../src/errors/listen-error.js'
import { call, registerAndLogin } from '../helpers/http-client.js'
import { openTestCore } from '../helpers/test-core.js'

await t.test('http service serves the routes, the document and the keys', async (t) => {
  const { core, config } = await openTestCore(t)
  const service = await httpService.start(core, config, 'test', {})
  const url = `http://${formatAddress(service.address)}`
  const ada = await registerAndLogin(url, 'ada')
  t.match(await call('GET', `${url}/me`, { token: ada.accessToken }), {
    status: 200,
    body: { user: { username: 'ada' } },
  })
  t.match(await call('GET', `${url}/hello`), { status: 200, body: { hello: 'world', env: 'test' } })
  t.match(await call('GET', `${url}/openapi.json`), { status: 200, body: { openapi: /^3\.1/ } })
  t.match(await call('GET', `${url}/.well-known/jwks.json`), {
    status: 200,
    body: { keys: [{ kty: String, kid: String, use: 'sig' }] },
  })
  await service.close(1000)
  await t.rejects(call('GET', `${url}/hello`), { code: 'ECONNREFUSED' })
})

await t.test('http service keeps the document to itself where it is told to', async (t) => {
  const { core, config } = await openTestCore(t, { 'apiDocs.enabled': false })
  const service = await httpService.start(core, config, 'test', {})
  t.teardown(() => service.close(1000))
  const url = `http://${formatAddress(service.address)}`
  for (const path of ['/openapi.json', '/docs', '/docs/docs.js']) {
    t.match(await call('GET', url + path), { status: 404, body: { code: 'NOT_FOUND' } })
  }
})

await t.test('http service bridges to the gRPC service that it is told of', async (t) => {
  const { core, config } = await openTestCore(t, { 'http.grpcAddress': '127.0.0.1:1' })
  const service = await httpService.start(core, config, 'test', {})
  t.teardown(() => service.close(1000))
  const url = `http://${formatAddress(service.address)}`
  t.match(await call('GET', `${url}/grpc/hello?id=1`), {
    status: 503,
    body: { code: 'UNAVAILABLE' },
  })
})
