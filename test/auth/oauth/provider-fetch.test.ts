import t from 'tap'
import { createProviderFetch, providerUnavailable } from '../../../src/auth/oauth/provider-fetch.js'
import { LIMITS } from '../../helpers/oauth/provider-fixture.js'
import { startWebServer } from '../../helpers/oauth/web-server.js'

const GET = { method: 'GET', headers: {}, body: undefined, redirect: 'manual' } as const
const UNAVAILABLE = {
  code: 'UNAVAILABLE',
  reason: 'provider_unavailable',
  message: 'The sign-in provider does not answer now; try again shortly.',
}
const issuerHost = '127.0.0.1'

await t.test('fetch sends what it is given and gives the answer', async (t) => {
  let seen = ''
  const { url } = await startWebServer(t, (request, response, body) => {
    seen = `${request.method} ${request.url} ${String(request.headers['x-a'])} ${body}`
    response.writeHead(201, { 'x-b': ['1', '2'] }).end('done')
  })
  const fetch = createProviderFetch({ ...LIMITS, issuerHost })
  const response = await fetch(`${url}/a?b=c`, {
    ...{ ...GET, method: 'POST', headers: { 'x-a': 'yes' } },
    body: new URLSearchParams({ d: 'e f' }),
  })
  t.equal(seen, 'POST /a?b=c yes d=e+f')
  t.equal(response.status, 201)
  t.equal(response.headers.get('x-b'), '1, 2')
  t.equal(await response.text(), 'done')
})

await t.test('fetch gives an answer without a body, and takes a redirect for one', async (t) => {
  const { url } = await startWebServer(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { location: '/204' }).end()
  })
  const fetch = createProviderFetch({ ...LIMITS, issuerHost })
  t.equal((await fetch(`${url}/204`, GET)).status, 204)
  const redirect = await fetch(`${url}/302`, { ...GET, method: 'POST', body: 'text' })
  t.equal(redirect.status, 302)
  t.equal(redirect.headers.get('location'), '/204')
})

await t.test('fetch refuses what is too late, too large, broken or a failure', async (t) => {
  const { url } = await startWebServer(t, (request, response) => {
    if (request.url === '/cut') response.socket?.destroy()
    if (request.url === '/500') response.writeHead(500).end()
    if (request.url === '/large') response.end('x'.repeat(LIMITS.answerBytesMax + 1))
    if (request.url === '/full') response.end('x'.repeat(LIMITS.answerBytesMax))
  })
  const fetch = createProviderFetch({ ...LIMITS, issuerHost })
  for (const path of ['/cut', '/500', '/large']) {
    await t.rejects(fetch(url + path, GET), UNAVAILABLE, path)
  }
  t.equal((await (await fetch(`${url}/full`, GET)).text()).length, LIMITS.answerBytesMax)
  const hasty = createProviderFetch({ ...LIMITS, requestTimeoutMs: 50, issuerHost })
  await t.rejects(hasty(`${url}/silent`, GET), UNAVAILABLE, 'silence')
  await t.rejects(hasty(`${url}/full`, GET), UNAVAILABLE, 'the time is for all together')
  const body = new Uint8Array(1)
  await t.rejects(fetch(url, { ...GET, body: body as never }), UNAVAILABLE, 'a strange body')
  await t.rejects(fetch('http://127.0.0.1:1/', GET), UNAVAILABLE, 'nobody listens')
  await t.rejects(fetch('https://no.such.host.invalid/', GET), UNAVAILABLE, 'no such host')
})

await t.test('fetch dials no internal address but that of the issuer', async (t) => {
  let asked = 0
  const { port } = await startWebServer(t, (_request, response) => {
    asked += 1
    response.end()
  })
  const fetch = createProviderFetch({ ...LIMITS, issuerHost: 'login.example.com' })
  const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '10.0.0.1']
  for (const host of [...hosts, '169.254.169.254', '[fe80::1]', '2130706433']) {
    const error = await fetch(`http://${host}:${port}/`, GET).catch((thrown: unknown) => thrown)
    t.match(error, { ...UNAVAILABLE, cause: /internal address/ }, host)
  }
  t.equal(asked, 0)
})

await t.test('the error keeps its cause', async (t) => {
  const cause = new Error('x')
  t.match(providerUnavailable(cause), { ...UNAVAILABLE, cause })
})
