import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { createUpgradeGuard } from '../../src/socket/upgrade-guard.js'
import { waitFor } from '../helpers/wait-for.js'
import { refusal, startSocketServer } from './socket-server.js'

const deps = { isFull: () => false, isClosing: () => false }
const request = (headers: Record<string, string>, ip = '127.0.0.1') =>
  ({ headers: { host: 'example.com:8080', ...headers }, ip }) as unknown as FastifyRequest

await t.test('a request without Origin, or of the own origin, passes', async (t) => {
  const guard = createUpgradeGuard(deps, { allowedOrigins: [], allowedAddresses: [] })
  t.doesNotThrow(() => guard(request({})))
  t.doesNotThrow(() => guard(request({ origin: 'http://example.com:8080' })))
  t.doesNotThrow(() => guard(request({ origin: 'https://example.com:8080' })))
  t.doesNotThrow(() => guard(request({ origin: 'https://a.example', host: 'A.example:443' })))
})

await t.test('a foreign, opaque or malformed Origin is refused', async (t) => {
  const guard = createUpgradeGuard(deps, {
    allowedOrigins: ['https://app.example.com'],
    allowedAddresses: [],
  })
  t.doesNotThrow(() => guard(request({ origin: 'https://app.example.com' })))
  const origins = [
    'null',
    '',
    'http://example.com',
    'http://example.com:8081',
    'http://example.com:8080.evil.example',
    'http://example.com:8080/path',
    'http://user@example.com:8080',
    'http://app.example.com',
    'https://app.example.com.evil.example',
    'https://APP.example.com',
    'file://',
    'example.com:8080',
  ]
  for (const origin of origins) {
    t.throws(
      () => guard(request({ origin })),
      { code: 'PERMISSION_DENIED', reason: 'origin_refused' },
      origin,
    )
  }
  t.throws(() => guard(request({ origin: 'http://x', host: 'not a host' })), {
    code: 'PERMISSION_DENIED',
    reason: 'origin_refused',
  })
})

await t.test('an address outside the list is refused, an empty list allows all', async (t) => {
  const guard = createUpgradeGuard(deps, {
    allowedOrigins: [],
    allowedAddresses: ['192.168.163.*', '::1'],
  })
  t.doesNotThrow(() => guard(request({}, '192.168.163.9')))
  t.doesNotThrow(() => guard(request({}, '::ffff:192.168.163.9')))
  t.throws(() => guard(request({}, '127.0.0.1')), {
    code: 'PERMISSION_DENIED',
    reason: 'address_refused',
  })
})

await t.test('a malformed address pattern is named when the guard is made', async (t) => {
  t.throws(
    () => createUpgradeGuard(deps, { allowedOrigins: [], allowedAddresses: ['10.0.0.0/99'] }),
    { code: 'INVALID_ARGUMENT', message: '"10.0.0.0/99"' },
  )
})

await t.test('a server that is full or going away asks to come later', async (t) => {
  const options = { allowedOrigins: [], allowedAddresses: [] }
  const full = createUpgradeGuard({ ...deps, isFull: () => true }, options)
  t.throws(() => full(request({})), {
    code: 'UNAVAILABLE',
    reason: 'too_many_connections',
    retryAfterSeconds: 5,
  })
  const closing = createUpgradeGuard({ ...deps, isClosing: () => true }, options)
  t.throws(() => closing(request({})), { code: 'UNAVAILABLE', reason: 'server_shutdown' })
})

await t.test('a refusal comes as 403 before the upgrade, and the server lives on', async (t) => {
  const server = await startSocketServer(t)
  const url = `ws://127.0.0.1:${server.port}/ws`
  t.match(await refusal(url, { origin: 'https://evil.example' }), {
    status: 403,
    body: { code: 'PERMISSION_DENIED', reason: 'origin_refused' },
  })
  const client = await server.connect('/socket_server', {
    origin: `http://127.0.0.1:${server.port}`,
  })
  client.send('x')
  t.equal(await client.frame(1), 'recv data:x')
})

await t.test('a refused address gets 403, and no header talks it in', async (t) => {
  const server = await startSocketServer(t, { allowedAddresses: ['10.0.0.1'] })
  const headers = { 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1' }
  t.match(await refusal(`ws://127.0.0.1:${server.port}/ws`, { headers }), {
    status: 403,
    body: { reason: 'address_refused' },
  })
  t.equal(server.hub.connectionCount(), 0)
})

await t.test('a connection too many gets 503, the next one after a close is welcome', async (t) => {
  const server = await startSocketServer(t, { connectionsMax: 1 })
  const first = await server.connect('/socket_server')
  t.match(await refusal(`ws://127.0.0.1:${server.port}/ws`), {
    status: 503,
    body: { code: 'UNAVAILABLE', reason: 'too_many_connections' },
  })
  first.socket.close()
  await first.closed
  await waitFor('room', () => !server.hub.isFull())
  await server.connect('/ws')
  t.equal(server.hub.connectionCount(), 1)
})
