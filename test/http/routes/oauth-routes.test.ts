import t from 'tap'
import { CLIENT_SECRET, createTestHttp, OAUTH } from '../../helpers/http-fakes.js'

const BASIC = `Basic ${Buffer.from(`billing:${CLIENT_SECRET}`).toString('base64')}`
const FORM = 'application/x-www-form-urlencoded'

function post(
  server: ReturnType<typeof createTestHttp>['server'],
  url: string,
  payload: string,
  headers: Record<string, string> = { authorization: BASIC },
) {
  return server.inject({
    method: 'POST',
    url,
    headers: { 'content-type': FORM, ...headers },
    payload,
  })
}

await t.test('introspection says all that RFC 7662 has a name for', async (t) => {
  const { server } = createTestHttp()
  const response = await post(server, '/oauth/introspect', 'token=access-1&token_type_hint=any&x=y')
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  t.match(response.headers['content-type'], /^application\/json/)
  t.same(response.json(), {
    active: true,
    token_type: 'Bearer',
    iss: OAUTH.issuer,
    aud: OAUTH.audience,
    sub: 'user-1',
    username: 'alice',
    role: 'user',
    sid: 'session-1',
    jti: 'token-1',
    iat: 1_767_225_600,
    exp: 1_767_226_200,
  })
  for (const token of ['garbage', 'access-2', '', 'x'.repeat(5000)]) {
    const refused = await post(server, '/oauth/introspect', `token=${token}`)
    t.equal(refused.payload, '{"active":false}')
  }
  await server.close()
})

await t.test('revocation is 200 whatever the token was', async (t) => {
  const { server, calls } = createTestHttp()
  for (const token of ['access-1', 'garbage']) {
    const response = await post(server, '/oauth/revoke', `token=${token}`)
    t.equal(response.statusCode, 200)
    t.equal(response.payload, '')
  }
  t.same(calls, [
    ['revoke', 'access-1', '127.0.0.1'],
    ['revoke', 'garbage', '127.0.0.1'],
  ])
  await server.close()
})

await t.test('a client says who it is by header or by form', async (t) => {
  const { server, calls } = createTestHttp()
  const inForm = `client_id=billing&client_secret=${encodeURIComponent(CLIENT_SECRET)}`
  const passed = await post(server, '/oauth/introspect', `token=a&${inForm}`, {})
  t.equal(passed.statusCode, 200)
  const wrong: [string, Record<string, string>][] = [
    ['token=a', {}],
    ['token=a&client_id=billing', {}],
    ['token=a&client_id=billing&client_secret=wrong', {}],
    ['token=a', { authorization: 'Bearer access-1' }],
    ['token=a', { authorization: 'Basic !!!' }],
    ['token=a', { authorization: `Basic ${Buffer.from('billing').toString('base64')}` }],
    ['token=a', { cookie: '_at=access-1' }],
    ['', {}],
  ]
  for (const url of ['/oauth/introspect', '/oauth/revoke']) {
    for (const [payload, headers] of wrong) {
      const response = await post(server, url, payload, headers)
      t.equal(response.statusCode, 401, `${url} ${payload}`)
      t.equal(response.headers['www-authenticate'], 'Basic realm="gatehouse"')
      t.match(response.json(), {
        error: 'invalid_client',
        error_description: 'The credentials of the client are missing or wrong.',
        code: 'UNAUTHENTICATED',
        reason: 'client_invalid',
        requestId: response.headers['x-request-id'],
      })
    }
  }
  t.equal(calls.length, 1)
  const both = await post(server, '/oauth/revoke', `token=a&${inForm}`)
  t.equal(both.statusCode, 400)
  t.match(both.json(), { error: 'invalid_request', reason: 'credentials_ambiguous' })
  await server.close()
})

await t.test('without configured clients nobody passes', async (t) => {
  const { server } = createTestHttp({ routesOptions: { oauth: { ...OAUTH, clients: [] } } })
  t.equal((await post(server, '/oauth/introspect', 'token=access-1')).statusCode, 401)
  const empty = `Basic ${Buffer.from(':').toString('base64')}`
  const response = await post(server, '/oauth/introspect', 'token=a', { authorization: empty })
  t.equal(response.statusCode, 401)
  await server.close()
})

await t.test('only forms are read, and refusals speak OAuth', async (t) => {
  const { server } = createTestHttp()
  const json = await post(server, '/oauth/introspect', '{"token":"access-1"}', {
    authorization: BASIC,
    'content-type': 'application/json',
  })
  t.equal(json.statusCode, 415)
  t.match(json.json(), { error: 'invalid_request', reason: 'unsupported_media_type' })
  const missing = await post(server, '/oauth/introspect', 'hint=x')
  t.equal(missing.statusCode, 400)
  t.match(missing.json(), { error: 'invalid_request', reason: 'invalid_argument' })
  const twice = await post(server, '/oauth/introspect', 'token=a&token=b')
  t.match(twice.json(), { error: 'invalid_request', reason: 'form_malformed' })
  const down = await post(server, '/oauth/introspect', 'token=store-down')
  t.equal(down.statusCode, 503)
  t.match(down.json(), { error: 'temporarily_unavailable', code: 'UNAVAILABLE' })
  const huge = await post(server, '/oauth/revoke', `token=${'x'.repeat(70_000)}`)
  t.equal(huge.statusCode, 413)
  await server.close()
})

await t.test('forms are read nowhere else', async (t) => {
  const { server, calls } = createTestHttp()
  for (const url of ['/auth/login', '/auth/register', '/auth/reset_password', '/me/password']) {
    const headers = { 'content-type': FORM, authorization: 'Bearer access-1' }
    const payload = 'username=alice&password=correct-password'
    const response = await server.inject({ method: 'POST', url, headers, payload })
    t.equal(response.statusCode, 415, url)
  }
  t.same(calls, [])
  await server.close()
})
