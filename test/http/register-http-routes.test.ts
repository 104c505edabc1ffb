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
  'GET /auth/providers',
  'GET /auth/login/:provider',
  'GET /auth/callback/:provider',
  'GET /health/live',
  'GET /health/ready',
])
/** Guarded by the API key instead. */
const BY_API_KEY = new Set(['GET /metrics'])

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
    })
    if (listed) {
      // Without a body, the routes that want a token or a password say so; nothing else may say 401.
      const isRefresh = url === '/auth/refresh_token'
      t.equal(response.statusCode === 401, isRefresh, `${name} is public`)
      continue
    }
    t.equal(response.statusCode, 401, `${name} is guarded`)
    if (method === 'HEAD') continue
    const reason = BY_API_KEY.has(name) ? 'api_key_invalid' : 'credentials_missing'
    t.match(response.json(), { reason }, name)
  }
  t.same(calls, [], 'no service was asked')
  await server.close()
})

await t.test('the public list names only routes there are', async (t) => {
  const { server, found } = await createWalk()
  const names = new Set(found.map(({ name }) => name))
  t.same(
    [...PUBLIC, ...BY_API_KEY].filter((name) => !names.has(name)),
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
      'POST /auth/logout',
      'GET /me',
      'PATCH /me',
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
