import t from 'tap'
import { createTestHttp, createTestServer } from '../../helpers/http-fakes.js'

await t.test('one line tells who asked what and how it went', async (t) => {
  const { server, lines } = createTestHttp()
  const response = await server.inject({
    url: '/me?token=in-the-query',
    headers: { authorization: 'Bearer access-1', cookie: '_rt=in-the-cookie' },
  })
  t.equal(lines.length, 1)
  const [line] = lines
  t.match(line, {
    level: 30,
    msg: 'request',
    requestId: response.headers['x-request-id'],
    method: 'GET',
    path: '/me',
    status: 200,
    address: '127.0.0.1',
    operation: 'getMe',
    userId: 'user-1',
    sessionId: 'session-1',
  })
  t.type(line?.['latencyMs'], 'number')
  t.notMatch(JSON.stringify(line), /in-the-query|in-the-cookie|access-1/)
  await server.close()
})

await t.test('a refusal is logged at the level of the table, with its reason', async (t) => {
  const { server, lines } = createTestHttp()
  await server.inject('/me')
  t.match(lines.at(-1), {
    level: 30,
    status: 401,
    code: 'UNAUTHENTICATED',
    operation: 'getMe',
    reason: 'credentials_missing',
  })
  t.notOk('userId' in (lines.at(-1) ?? {}))
  await server.inject({ url: '/me', headers: { authorization: 'Bearer store-down' } })
  t.match(lines.at(-1), {
    level: 50,
    status: 503,
    code: 'UNAVAILABLE',
    err: { message: 'Try again soon.' },
  })
  const payload = 'a'.repeat(70_000)
  const headers = { 'content-type': 'application/json' }
  await server.inject({ method: 'POST', url: '/auth/login', headers, payload })
  t.match(lines.at(-1), { level: 40, status: 413, operation: 'login' })
  await server.inject(`/${'a'.repeat(1000)}?x`)
  t.equal(String(lines.at(-1)?.['path']).length, 256)
  await server.close()
})

await t.test('probes are logged at debug, and an unready one at warn', async (t) => {
  let ready = true
  const readiness = { isReady: () => ready, check: () => Promise.resolve({ ready, parts: {} }) }
  const { server, lines } = createTestServer({ deps: { readiness } })
  await server.inject('/health/ready')
  t.match(lines.at(-1), { level: 20, status: 200, operation: 'checkReady' })
  ready = false
  await server.inject('/health/ready')
  t.match(lines.at(-1), { level: 40, status: 503 })
  await server.close()
})

await t.test('a path that cannot be read is logged too', async (t) => {
  const { server, lines } = createTestServer()
  await server.inject('/%zz')
  t.equal(lines.length, 1)
  t.match(lines, [{ level: 30, path: '/%zz', status: 400, reason: 'url_malformed' }])
  await server.close()
})

await t.test('what the work behind a request says of it stands on its line', async (t) => {
  const { server, lines } = createTestServer()
  for (const level of ['debug', 'info', 'error'] as const) {
    server.get(`/${level}`, async (request) => {
      request.outcome = { level, fields: { operationName: level, reasons: ['some'] } }
      return {}
    })
  }
  for (const [path, level] of [
    ['debug', 30],
    ['info', 30],
    ['error', 50],
  ] as const) {
    await server.inject(`/${path}`)
    t.match(lines.at(-1), { level, status: 200, operationName: path, reasons: ['some'] })
  }
  t.equal(lines.length, 3)
  await server.close()
})
