import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { principalOf } from '../../../src/http/plugins/authentication.js'
import { createTestHttp, type TestServer } from '../../helpers/http-fakes.js'
import { listen, openRaw } from '../../helpers/raw-http.js'
import { waitFor } from '../../helpers/wait-for.js'

type Answer = readonly [status: number, reason: string | undefined]
type Headers = Readonly<Record<string, string>>

function createAsk({ server }: TestServer) {
  return async (
    headers: Headers,
    method: 'GET' | 'DELETE' = 'GET',
    url = '/sessions',
  ): Promise<Answer> => {
    const response = await server.inject({ method, url, headers })
    return [response.statusCode, response.json<{ reason?: string }>().reason]
  }
}

const PASSED: Answer = [200, undefined]
const BEARER = { authorization: 'Bearer access-1' }
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' }

await t.test('a Bearer token or the access cookie opens the scope', async (t) => {
  const made = createTestHttp()
  const ask = createAsk(made)
  t.same(await ask(BEARER), PASSED)
  t.same(await ask({ authorization: 'bEaReR access-2' }), PASSED)
  t.same(await ask({ cookie: '_at=access-1' }), PASSED)
  t.match(
    made.calls.map(([, principal]) => principal),
    [{ sessionId: 'session-1' }, { sessionId: 'session-2' }, { sessionId: 'session-1' }],
  )
  await made.server.close()
})

await t.test('secure cookies open it by their secure name only', async (t) => {
  const made = createTestHttp({ options: { secureCookies: true } })
  const ask = createAsk(made)
  t.same(await ask({ cookie: '__Host-at=access-1' }), PASSED)
  t.same(await ask({ cookie: '_at=access-1' }), [401, 'credentials_missing'])
  await made.server.close()
})

await t.test('without a valid credential it stays shut', async (t) => {
  const made = createTestHttp()
  const ask = createAsk(made)
  t.same(await ask({}), [401, 'credentials_missing'])
  t.same(await ask({ cookie: '_rt=refresh-1; _cid=client-1.mac' }), [401, 'credentials_missing'])
  t.same(await ask({ authorization: 'Basic YTpi' }), [401, 'credentials_malformed'])
  t.same(await ask({ authorization: 'Bearer' }), [401, 'credentials_malformed'])
  t.same(await ask({ authorization: 'Bearer rubbish' }), [401, 'token_malformed'])
  t.same(await ask({ authorization: 'Bearer ended' }), [401, 'ended_by_user'])
  t.same(await ask({ cookie: '_at=ended' }), [401, 'ended_by_user'])
  t.same(await ask({ cookie: '_at="access-1"' }), [401, 'token_malformed'])
  t.same(await ask({ authorization: 'Bearer store-down' }), [503, 'store_unavailable'])
  t.same(await ask({}, 'GET', '/sessions?access_token=access-1'), [401, 'credentials_missing'])
  t.same(made.calls, [], 'no handler ran')
  await made.server.close()
})

await t.test('a refused token is challenged as RFC 6750 says', async (t) => {
  const { server } = createTestHttp()
  const challenge = async (headers: Headers) =>
    (await server.inject({ url: '/me', headers })).headers['www-authenticate']
  t.equal(await challenge({}), 'Bearer')
  t.equal(await challenge({ authorization: 'Bearer ended' }), 'Bearer error="invalid_token"')
  await server.close()
})

await t.test('two credentials must belong to one session', async (t) => {
  const made = createTestHttp()
  const ask = createAsk(made)
  t.same(await ask({ ...BEARER, cookie: '_at=access-1' }), PASSED, 'the same token')
  t.same(await ask({ ...BEARER, cookie: '_at=access-1-other' }), PASSED, 'of the same session')
  t.same(await ask({ ...BEARER, cookie: '_at=access-2' }), [400, 'credentials_ambiguous'])
  t.same(await ask({ ...BEARER, cookie: '_at=ended' }), PASSED, 'a cookie that opens nothing')
  t.same(await ask({ authorization: 'Bearer ended', cookie: '_at=access-1' }), [
    401,
    'ended_by_user',
  ])
  t.same(await ask({ ...BEARER, cookie: '_at=store-down' }), [503, 'store_unavailable'])
  t.same(await ask({ ...BEARER, cookie: '_at=access-1; _at=access-1' }), [400, 'cookie_duplicated'])
  t.same(await ask({ cookie: '_at=access-1; _at=access-2' }), [400, 'cookie_duplicated'])
  await made.server.close()
})

await t.test('two Authorization headers are refused on the wire', async (t) => {
  const { server } = createTestHttp()
  const port = await listen(server)
  const raw = await openRaw(
    port,
    'GET /me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer access-1\r\n' +
      'authorization: Bearer access-2\r\nConnection: close\r\n\r\n',
  )
  await waitFor('the answer', raw.isClosed)
  t.match(raw.received(), /^HTTP\/1\.1 400 /)
  t.match(raw.received(), '"reason":"credentials_ambiguous"')
  await server.close()
})

await t.test('a change by cookie must come from our own page', async (t) => {
  const made = createTestHttp({ routesOptions: { allowedOrigins: ['https://sibling.example'] } })
  const ask = createAsk(made)
  const cookie = '_at=access-1'
  const refused = [403, 'cross_site_request']
  t.same(await ask({ cookie, ...SAME_ORIGIN }, 'DELETE'), PASSED)
  t.same(await ask({ cookie, 'sec-fetch-site': 'none' }, 'DELETE'), PASSED)
  t.same(await ask({ cookie, host: 'app.example', origin: 'http://app.example' }, 'DELETE'), PASSED)
  t.same(await ask({ cookie, origin: 'https://sibling.example' }, 'DELETE'), PASSED)
  t.same(await ask({ cookie }, 'DELETE'), refused, 'nothing tells where it comes from')
  t.same(await ask({ cookie, 'sec-fetch-site': 'cross-site' }, 'DELETE'), refused)
  t.same(await ask({ cookie, 'sec-fetch-site': 'same-site' }, 'DELETE'), refused)
  t.same(await ask({ cookie, origin: 'null' }, 'DELETE'), refused)
  t.same(await ask({ cookie, 'sec-fetch-site': 'cross-site' }), PASSED, 'a GET changes nothing')
  t.same(await ask({ ...BEARER }, 'DELETE'), PASSED, 'a token comes from who holds it')
  t.same(await ask({ ...BEARER, cookie, origin: 'null' }, 'DELETE'), PASSED)
  await made.server.close()
})

await t.test('the check runs before the body is read', async (t) => {
  const { server } = createTestHttp()
  const response = await server.inject({
    method: 'PATCH',
    url: '/me',
    headers: { 'content-type': 'application/json' },
    payload: '{broken',
  })
  t.equal(response.statusCode, 401)
  await server.close()
})

await t.test('principalOf outside a guarded scope is a bug', (t) => {
  t.throws(() => principalOf({ principal: null } as FastifyRequest), /not in a guarded scope/)
  t.end()
})
