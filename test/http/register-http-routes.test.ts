import type { RouteOptions } from 'fastify'
import t from 'tap'
import { createTestHttp } from '../helpers/http-fakes.js'

/** Everything that is answered without a session. A route that is not here must be guarded. */
const PUBLIC = new Set([
  'GET /',
  'GET /.well-known/jwks.json',
  'GET /openapi.json',
  'GET /hello',
  'GET /grpc/hello',
  'POST /auth/register',
  'POST /auth/login',
  'POST /auth/refresh_token',
  'POST /auth/reset_password',
  'GET /auth/providers',
  'GET /auth/login/:provider',
  'GET /auth/callback/:provider',
  'GET /health/live',
  'GET /health/ready',
])
/** Guarded by the API key instead. */
const BY_API_KEY = new Set(['GET /metrics'])
/** Guarded by the credentials of a client, in the words of OAuth. */
const BY_CLIENT = new Set(['POST /oauth/introspect', 'POST /oauth/revoke'])

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** What a service only reads; everything else changes something. */
const READING = new Set(['current', 'list', 'listUsers', 'listForUser', 'listAudit'])

interface Found {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly operation: string | undefined
}

async function createWalk() {
  const found: Found[] = []
  const note = (route: RouteOptions): void => {
    for (const method of [route.method].flat()) {
      const { url, config } = route
      found.push({ name: `${method} ${url}`, method, url, operation: config?.operation })
    }
  }
  const made = createTestHttp({
    prepare: (server) => {
      server.addHook('onRoute', note)
    },
  })
  await made.server.ready()
  return { ...made, found }
}

await t.test('every route is on the public list or answers 401 without credentials', async (t) => {
  const { server, found, calls } = await createWalk()
  t.ok(found.length >= 20, 'the walk sees the routes')
  for (const { name, method, url } of found) {
    const listed = PUBLIC.has(name.replace('HEAD ', 'GET '))
    const response = await server.inject({
      method: method as 'GET',
      url: url.replace(':id', 'session-1').replace(':provider', 'nobody'),
      ...(BY_CLIENT.has(name) && { headers: FORM, payload: 'token=x' }),
    })
    if (listed) {
      // Without a body, the routes that want a token or a password say so; nothing else may say 401.
      const isRefresh = url === '/auth/refresh_token'
      t.equal(response.statusCode === 401, isRefresh, `${name} is public`)
      continue
    }
    t.equal(response.statusCode, 401, `${name} is guarded`)
    if (method === 'HEAD') continue
    const reason = BY_API_KEY.has(name)
      ? 'api_key_invalid'
      : BY_CLIENT.has(name)
        ? 'client_invalid'
        : 'credentials_missing'
    t.match(response.json(), { reason }, name)
  }
  t.same(calls, [], 'no service was asked')
  await server.close()
})

await t.test('the public list names only routes there are', async (t) => {
  const { server, found } = await createWalk()
  const names = new Set(found.map(({ name }) => name))
  t.same(
    [...PUBLIC, ...BY_API_KEY, ...BY_CLIENT].filter((name) => !names.has(name)),
    [],
  )
  await server.close()
})

await t.test('every route has an operation of its own name', async (t) => {
  const { server, found } = await createWalk()
  const operations = found
    .filter(({ method }) => method !== 'HEAD')
    .map(({ operation }) => operation)
  t.ok(operations.every((operation) => /^[a-z][A-Za-z]+$/.test(operation ?? '')))
  t.equal(new Set(operations).size, operations.length)
  await server.close()
})

await t.test('the surface is the one that is promised', async (t) => {
  const { server, found } = await createWalk()
  const names = found.filter(({ method }) => method !== 'HEAD').map(({ name }) => name)
  t.same(
    new Set(names),
    new Set([
      ...PUBLIC,
      ...BY_API_KEY,
      ...BY_CLIENT,
      'POST /auth/logout',
      'GET /me',
      'PATCH /me',
      'POST /me/password',
      'GET /admin/users',
      'PATCH /admin/users/:id',
      'DELETE /admin/users/:id',
      'GET /admin/users/:id/sessions',
      'DELETE /admin/users/:id/sessions',
      'POST /admin/users/:id/password_reset',
      'DELETE /admin/sessions/:id',
      'DELETE /admin/keys/:id/sessions',
      'GET /admin/audit',
      'GET /sessions',
      'DELETE /sessions',
      'DELETE /sessions/:id',
      'GET /home',
      'GET /me/identities',
      'POST /me/identities/:provider',
      'DELETE /me/identities/:provider',
    ]),
  )
  await server.close()
})

await t.test('no GET changes anything, and no method but the real one counts', async (t) => {
  const { server, found, calls } = await createWalk()
  const headers = {
    authorization: 'Bearer admin',
    'x-http-method-override': 'DELETE',
    'x-method-override': 'DELETE',
  }
  for (const { name, method, url } of found) {
    if (method !== 'GET' && method !== 'HEAD') continue
    const path = url.replace(':id', 'user-1')
    const response = await server.inject({ method, url: `${path}?_method=DELETE`, headers })
    t.ok(response.statusCode < 500, name)
    await server.inject({ method, url: path, headers })
  }
  t.ok(calls.length > 0, 'the services were asked')
  t.same(
    calls.map(([name]) => name).filter((name) => !READING.has(name)),
    [],
  )
  await server.close()
})

await t.test('every answer of every route is kept by no cache but the public ones', async (t) => {
  const { server, found } = await createWalk()
  const cached = new Set(['/.well-known/jwks.json', '/openapi.json'])
  for (const { name, method, url } of found) {
    const response = await server.inject({
      method: method as 'GET',
      url: url.replace(':id', 'user-1'),
      headers: { authorization: 'Bearer admin' },
    })
    const expected = cached.has(url) && response.statusCode < 400 ? /^public/ : /^no-store$/
    t.match(response.headers['cache-control'], expected, `${name} ${response.statusCode}`)
  }
  await server.close()
})

await t.test('unsafe methods take JSON and nothing else', async (t) => {
  const { server, found, calls } = await createWalk()
  const withBody = found.filter(
    ({ name, method }) => ['POST', 'PATCH', 'PUT'].includes(method) && !BY_CLIENT.has(name),
  )
  t.ok(withBody.length >= 8)
  for (const { name, method, url } of withBody) {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const response = await server.inject({
        method: method as 'POST',
        url: url.replace(':id', 'user-1'),
        headers: { authorization: 'Bearer admin', 'content-type': type },
        payload: '{"username":"alice","password":"correct-password"}',
      })
      t.equal(response.statusCode, 415, `${name} ${type}`)
    }
  }
  t.same(calls, [])
  await server.close()
})
