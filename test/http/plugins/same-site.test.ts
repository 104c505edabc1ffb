import t from 'tap'
import { createTestHttp } from '../../helpers/http-fakes.js'

const PAYLOAD = { username: 'alice', password: 'correct-password' }

await t.test('a sign-in from our own page, or from no page, is fine', async (t) => {
  const { server } = createTestHttp()
  const allowed = [
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { host: 'app.example', origin: 'http://app.example' },
    { cookie: '_cid=client-1.mac' },
    { cookie: '_at=access-1', 'sec-fetch-site': 'same-origin' },
  ]
  for (const headers of allowed) {
    const response = await server.inject({
      method: 'POST',
      url: '/auth/login',
      headers,
      payload: PAYLOAD,
    })
    t.equal(response.statusCode, 200, JSON.stringify(headers))
  }
  await server.close()
})

await t.test('another site cannot register, sign in or refresh for a visitor', async (t) => {
  const { server, calls } = createTestHttp()
  const refused = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { cookie: '_rt=refresh-1' },
    { cookie: '_at=access-1' },
  ]
  for (const url of ['/auth/register', '/auth/login', '/auth/refresh_token']) {
    for (const headers of refused) {
      const response = await server.inject({ method: 'POST', url, headers, payload: PAYLOAD })
      t.match(response.json(), { status: 403, reason: 'cross_site_request' }, url)
      t.equal(response.statusCode, 403)
    }
  }
  t.same(calls, [])
  await server.close()
})

await t.test('a doubled credential cookie is refused, and reading is open to all', async (t) => {
  const { server } = createTestHttp()
  const doubled = await server.inject({
    method: 'POST',
    url: '/auth/login',
    headers: { cookie: '_rt=a; _rt=b', 'sec-fetch-site': 'same-origin' },
    payload: PAYLOAD,
  })
  t.match(doubled.json(), { status: 400, reason: 'cookie_duplicated' })
  const read = await server.inject({ url: '/hello', headers: { 'sec-fetch-site': 'cross-site' } })
  t.equal(read.statusCode, 200)
  await server.close()
})
