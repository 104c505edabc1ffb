import t from 'tap'
import { createTestHttp } from '../../helpers/http-fakes.js'

const LISTED = 'https://app.example'
const allowedOrigins = [LISTED, 'https://other.example']
const PREFLIGHT = { 'access-control-request-method': 'DELETE' }

await t.test('a listed origin may ask, with credentials', async (t) => {
  const { server, calls } = createTestHttp({ routesOptions: { allowedOrigins } })
  const preflight = await server.inject({
    method: 'OPTIONS',
    url: '/sessions/session-1',
    headers: { origin: LISTED, ...PREFLIGHT, 'access-control-request-headers': 'authorization' },
  })
  t.equal(preflight.statusCode, 204)
  t.match(preflight.headers, {
    'access-control-allow-origin': LISTED,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'authorization, content-type, session-id',
    'access-control-max-age': '600',
    vary: 'Origin',
  })
  t.same(calls, [])
  const answer = await server.inject({
    url: '/me',
    headers: { origin: LISTED, authorization: 'Bearer access-1' },
  })
  t.equal(answer.headers['access-control-allow-origin'], LISTED)
  t.match(answer.headers['access-control-expose-headers'], 'retry-after')
  const refused = await server.inject({ url: '/me', headers: { origin: LISTED } })
  t.equal(refused.statusCode, 401)
  t.equal(refused.headers['access-control-allow-origin'], LISTED, 'it may read why')
  await server.close()
})

await t.test('a listed page of another site may sign in', async (t) => {
  const { server } = createTestHttp({ routesOptions: { allowedOrigins } })
  const login = (origin: string) =>
    server.inject({
      method: 'POST',
      url: '/auth/login',
      headers: { origin, 'sec-fetch-site': 'cross-site' },
      payload: { username: 'alice', password: 'correct-password' },
    })
  t.equal((await login(LISTED)).statusCode, 200)
  t.equal((await login('https://evil.example')).statusCode, 403)
  await server.close()
})

await t.test('no other origin is ever echoed, and caches are told', async (t) => {
  const { server } = createTestHttp({ routesOptions: { allowedOrigins } })
  const others = [
    'https://app.example.evil',
    'http://app.example',
    'https://APP.example',
    'null',
    '*',
  ]
  for (const origin of others) {
    const answer = await server.inject({ url: '/hello', headers: { origin } })
    t.equal(answer.headers['access-control-allow-origin'], undefined, origin)
    t.equal(answer.headers['access-control-allow-credentials'], undefined, origin)
    t.equal(answer.headers.vary, 'Origin')
    const preflight = await server.inject({
      method: 'OPTIONS',
      url: '/hello',
      headers: { origin, ...PREFLIGHT },
    })
    t.equal(preflight.statusCode, 404, origin)
    t.equal(preflight.headers['access-control-allow-methods'], undefined, origin)
  }
  await server.close()
})

await t.test('without a list there are no such headers at all', async (t) => {
  const { server } = createTestHttp()
  const headers = { origin: LISTED, ...PREFLIGHT }
  const preflight = await server.inject({ method: 'OPTIONS', url: '/hello', headers })
  t.equal(preflight.statusCode, 404)
  const names = Object.keys(preflight.headers)
  t.notOk(names.some((name) => name.startsWith('access-control-')))
  await server.close()
})
