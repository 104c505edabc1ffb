import t from 'tap'
import { cleanUserAgent } from '../../src/http/client-context.js'
import { createTestHttp } from '../helpers/http-fakes.js'

const DAYS_400 = 400 * 24 * 60 * 60

await t.test('resolveClient labels a browser that has no label', async (t) => {
  const { server, calls } = createTestHttp()
  const response = await login(server, {})
  t.equal(
    response.headers['set-cookie'],
    `_cid=client-1.mac; Max-Age=${DAYS_400}; Path=/; HttpOnly; SameSite=Lax`,
  )
  t.match(calls[0]?.[2], {
    clientId: 'client-1',
    userAgent: 'lightMyRequest',
    address: '127.0.0.1',
  })
  await server.close()
})

await t.test(
  'resolveClient leaves a genuine label and replaces a forged or doubled one',
  async (t) => {
    const { server, calls } = createTestHttp()
    const known = await login(server, { cookie: '_cid=client-9.mac' })
    t.equal(known.headers['set-cookie'], undefined)
    t.match(calls[0]?.[2], { clientId: 'client-9' })
    for (const cookie of [
      '_cid=client-9.forged',
      '_cid=',
      '_cid=client-8.mac; _cid=client-9.mac',
    ]) {
      const response = await login(server, { cookie })
      t.match(response.headers['set-cookie'], /^_cid=client-\d\.mac; /, cookie)
    }
    t.match(calls[3]?.[2], { clientId: 'client-3' })
    await server.close()
  },
)

await t.test('resolveClient sets a __Host- cookie where cookies are secure', async (t) => {
  const { server } = createTestHttp({ options: { secureCookies: true } })
  const response = await login(server, { cookie: '_cid=client-9.mac' })
  t.equal(
    response.headers['set-cookie'],
    `__Host-cid=client-1.mac; Max-Age=${DAYS_400}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  )
  await server.close()
})

await t.test('cleanUserAgent drops control characters and cuts', (t) => {
  t.equal(cleanUserAgent(undefined), '')
  t.equal(cleanUserAgent(' Mozilla/5.0\u0000\u0085\u200b (x) '), 'Mozilla/5.0 (x)')
  t.equal(cleanUserAgent('a'.repeat(5000)).length, 256)
  t.end()
})

function login(
  server: ReturnType<typeof createTestHttp>['server'],
  headers: Record<string, string>,
) {
  return server.inject({
    method: 'POST',
    url: '/auth/login',
    headers,
    payload: { username: 'alice', password: 'correct-password' },
  })
}
