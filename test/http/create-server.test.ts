import { get } from 'node:http'
import t from 'tap'
import { createTestServer } from '../helpers/http-fakes.js'
import { listen, openRaw } from '../helpers/raw-http.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('createServer does not listen, and closes without having listened', async (t) => {
  const { server } = createTestServer()
  t.equal(server.server.listening, false)
  await server.ready()
  await server.close()
})

await t.test('createServer serves plugins that are registered on it', async (t) => {
  const { server, lines } = createTestServer({ deps: { serviceName: 'socket' } })
  server.register((scope, _options, done) => {
    scope.post('/push', { config: { operation: 'push' } }, () => ({ pushed: true }))
    done()
  })
  const port = await listen(server)
  const response = await fetch(`http://127.0.0.1:${port}/push`, { method: 'POST' })
  t.same(await response.json(), { pushed: true })
  t.match(response.headers.get('x-request-id'), /^[0-9a-f-]{36}$/)
  await waitFor('the log line', () => lines.some(({ operation }) => operation === 'push'))
  await server.close()
})

await t.test('createServer hands the server to prepare before any route is there', async (t) => {
  const seen: string[] = []
  const { server } = createTestServer({
    prepare: (prepared) => {
      prepared.addHook('onRoute', ({ url }) => {
        seen.push(url)
      })
    },
  })
  await server.ready()
  t.ok(seen.includes('/health/live') && seen.includes('/metrics'))
  await server.close()
})

await t.test('createServer keeps to its limits', async (t) => {
  const { server } = createTestServer({
    options: { bodyBytesMax: 100, requestTimeoutMs: 1234, connectionsMax: 7 },
  })
  server.post('/echo', () => ({}))
  t.equal(server.server.maxConnections, 7)
  t.equal(server.server.requestTimeout, 1234)
  const payload = { a: 'a'.repeat(100) }
  const response = await server.inject({ method: 'POST', url: '/echo', payload })
  t.match(response.json(), { status: 413, reason: 'too_large' })
  await server.close()
})

await t.test('createServer names a proxy entry it does not understand', (t) => {
  t.throws(() => createTestServer({ options: { trustedProxies: ['nonsense'] } }), /"nonsense"/)
  t.end()
})

await t.test('a body that breaks off leaves nothing behind', async (t) => {
  const { server, lines } = createTestServer()
  server.post('/echo', { config: { operation: 'echo' } }, () => ({}))
  const port = await listen(server)
  const raw = await openRaw(
    port,
    'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a',
  )
  const { socket } = raw
  await waitFor('the request', async () => {
    const connections = await new Promise<number>((resolve) =>
      server.server.getConnections((_error, count) => resolve(count)),
    )
    return connections > 0
  })
  socket.end()
  await waitFor('the log line', () => lines.find(({ operation }) => operation === 'echo'))
  t.match(
    lines.find(({ operation }) => operation === 'echo'),
    { status: 499, reason: 'client_closed' },
  )
  t.equal(lines.filter(({ level }) => Number(level) >= 40).length, 0)
  await server.close()
})

await t.test('a garbled chunk is 400 and the server lives on', async (t) => {
  const { server } = createTestServer()
  server.post('/echo', () => ({}))
  const port = await listen(server)
  const raw = await openRaw(
    port,
    'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n' +
      'Transfer-Encoding: chunked\r\n\r\nZZ\r\n',
  )
  await waitFor('the hang-up', raw.isClosed)
  t.match(raw.received(), /^HTTP\/1\.1 400 /)
  t.match(raw.received(), '"reason":"request_malformed"')
  const status = await new Promise((resolve, reject) => {
    get({ port, path: '/health/live', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
  t.equal(status, 200)
  await server.close()
})
