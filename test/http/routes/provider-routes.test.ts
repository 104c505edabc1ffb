import t from 'tap'
import { createTestHttp, type TestServerOverrides } from '../../helpers/http-fakes.js'

const KNOWN = '_cid=client-9.mac; _oauth=browser-7.mac'
const BEARER = { authorization: 'Bearer access-1' }
const CLEARED = '_oauth=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'

function createHouse(overrides: TestServerOverrides = {}) {
  const { server, calls, lines } = createTestHttp(overrides)
  t.teardown(() => server.close())
  const send = (method: 'GET' | 'POST' | 'DELETE' | 'HEAD', url: string, more: object = {}) =>
    server.inject({ method, url, ...more })
  const get = (url: string, headers: Record<string, string> = {}) =>
    send('GET', url, { headers: { cookie: KNOWN, ...headers } })
  return { server, calls, lines, send, get }
}

await t.test('the providers are listed for everybody', async (t) => {
  const { get } = createHouse()
  const response = await get('/auth/providers')
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    providers: [{ name: 'github', label: 'GitHub', loginPath: '/auth/login/github' }],
  })
})

await t.test('login leads to the provider and marks the browser', async (t) => {
  const { get, calls, send } = createHouse()
  const response = await get('/auth/login/github?returnTo=%2Fapp&remember=true', {
    host: 'a.test:8',
  })
  t.equal(response.statusCode, 303)
  t.equal(response.headers.location, 'https://github.test/authorize?state=1')
  t.equal(response.headers['cache-control'], 'no-store')
  t.match(response.headers['set-cookie'], /^_oauth=browser-7\.mac; /)
  const start = { provider: 'github', origin: 'http://a.test:8', browserId: 'browser-7' }
  t.match(calls, [
    ['startOauth', { ...start, returnTo: '/app', remember: true }, { clientId: 'client-9' }],
  ])
  const fresh = await send('GET', '/auth/login/github')
  t.same(
    [fresh.headers['set-cookie']].flat().map((cookie) => cookie?.split('=')[0]),
    ['_cid', '_oauth'],
  )
})

await t.test('login is at the configured origin, whatever the Host header says', async (t) => {
  const { get, calls } = createHouse({ routesOptions: { publicOrigin: 'https://app.test' } })
  await get('/auth/login/github', { host: 'evil.test', 'x-forwarded-host': 'evil.test' })
  t.match(calls, [['startOauth', { origin: 'https://app.test' }]])
})

await t.test('login takes a strange way back for what it is, and no other parameter', async (t) => {
  const { get, calls } = createHouse()
  t.equal((await get('/auth/login/github?returnTo=/a&returnTo=/b')).statusCode, 303)
  t.match(calls, [['startOauth', { returnTo: ['/a', '/b'] }]])
  for (const name of ['scope', 'redirect_uri', 'state', 'nonce', 'client_id', 'code_challenge']) {
    const response = await get(`/auth/login/github?${name}=x`)
    t.equal(response.statusCode, 400, name)
    t.match(response.json(), { reason: 'invalid_argument', details: [{ path: `query.${name}` }] })
  }
  t.equal(calls.length, 1)
})

await t.test('an unknown provider is not found', async (t) => {
  const { get } = createHouse()
  for (const url of ['/auth/login/x', '/auth/callback/x?state=good']) {
    const response = await get(url)
    t.equal(response.statusCode, 404)
    t.match(response.json(), { code: 'NOT_FOUND', reason: 'provider_not_found' })
  }
})

await t.test('neither way answers what only looks', async (t) => {
  const { send, calls } = createHouse()
  for (const url of ['/auth/login/github', '/auth/callback/github?state=good']) {
    t.equal((await send('HEAD', url)).statusCode, 404)
    t.equal((await send('POST', url)).statusCode, 404)
  }
  t.same(calls, [])
})

await t.test('callback sets the cookies and goes on', async (t) => {
  const { get, calls } = createHouse()
  const response = await get('/auth/callback/github?code=c&state=good&iss=https%3A%2F%2Fx')
  t.equal(response.statusCode, 303)
  t.equal(response.headers.location, '/app?tab=1')
  t.equal(response.headers['referrer-policy'], 'no-referrer')
  t.same(response.headers['set-cookie'], [
    CLEARED,
    '_at=access-1; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
    '_rt=refresh-1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict',
  ])
  const query = 'code=c&state=good&iss=https%3A%2F%2Fx'
  const callback = { provider: 'github', query, browserId: 'browser-7' }
  t.match(calls, [['finishOauth', callback, { clientId: 'client-9', reach: { kind: 'browser' } }]])
})

await t.test('callback of a link sets no credentials', async (t) => {
  const { get } = createHouse()
  const response = await get('/auth/callback/github?state=link')
  t.equal(response.headers.location, '/app?tab=1')
  t.equal(response.headers['set-cookie'], CLEARED)
})

await t.test('callback tells a browser why by its address, a program by a problem', async (t) => {
  const { get, lines } = createHouse()
  const html = await get('/auth/callback/github?state=frozen', { accept: 'text/html,*/*;q=0.8' })
  t.equal(html.statusCode, 303)
  t.equal(html.headers.location, '/app?tab=1&oauth_error=user_frozen')
  t.equal(html.headers['set-cookie'], undefined)
  const json = await get('/auth/callback/github?state=frozen')
  t.equal(json.statusCode, 401)
  t.match(json.json(), { code: 'UNAUTHENTICATED', reason: 'user_frozen' })
  t.match(
    lines.filter(({ msg }) => msg === 'request').map(({ reason }) => reason),
    ['user_frozen', 'user_frozen'],
  )
})

await t.test('callback that this browser did not ask for is a problem for everybody', async (t) => {
  const { get, calls } = createHouse()
  for (const query of ['', '?state=x', '?state=x&error=access_denied']) {
    const response = await get(`/auth/callback/github${query}`, { accept: 'text/html' })
    t.equal(response.statusCode, 400)
    t.match(response.json(), { code: 'INVALID_ARGUMENT', reason: 'oauth_state_invalid' })
    t.equal(response.headers['set-cookie'], undefined)
  }
  await get('/auth/callback/github?state=x', { cookie: '_oauth=browser-7.forged' })
  t.match(calls.at(-1), ['finishOauth', { browserId: null }])
})

await t.test('identities are listed, linked and unlinked by who is signed in', async (t) => {
  const { send, calls } = createHouse()
  const headers = { ...BEARER, cookie: KNOWN }
  const list = await send('GET', '/me/identities', { headers })
  t.same(list.json(), {
    identities: [{ provider: 'github', label: 'GitHub', linkedAt: '2026-01-01T00:00:00.000Z' }],
    hasPassword: true,
  })
  const payload = { returnTo: '/me' }
  const link = await send('POST', '/me/identities/github', { headers, payload })
  t.equal(link.statusCode, 200)
  t.same(link.json(), { url: 'https://github.test/authorize?state=1' })
  t.match(link.headers['set-cookie'], /^_oauth=browser-7\.mac; /)
  t.match(calls, [
    [
      'linkIdentity',
      { provider: 'github', browserId: 'browser-7', returnTo: '/me' },
      { sessionId: 'session-1' },
      { clientId: 'client-9' },
    ],
  ])
  t.equal((await send('POST', '/me/identities/github', { headers })).statusCode, 200, 'no body')
  const unlink = await send('DELETE', '/me/identities/github', { headers })
  t.equal(unlink.statusCode, 204)
  t.match(calls.at(-1), ['unlink', { sessionId: 'session-1' }, 'github'])
  const missing = await send('DELETE', '/me/identities/sso', { headers })
  t.equal(missing.statusCode, 404)
  t.match(missing.json(), { reason: 'identity_not_found' })
})

await t.test('identities are changed by no other site and with nothing unknown', async (t) => {
  const { send, calls } = createHouse()
  const cookie = `${KNOWN}; _at=access-1`
  for (const headers of [{ cookie }, { cookie, 'sec-fetch-site': 'cross-site' }]) {
    for (const method of ['POST', 'DELETE'] as const) {
      const response = await send(method, '/me/identities/github', { headers })
      t.equal(response.statusCode, 403)
      t.match(response.json(), { reason: 'cross_site_request' })
    }
  }
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  const payload = { scope: 'admin' }
  const response = await send('POST', '/me/identities/github', { headers, payload })
  t.equal(response.statusCode, 400)
  t.same(calls, [])
})
