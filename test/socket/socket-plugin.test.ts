import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { waitFor } from '../helpers/wait-for.js'
import { API_KEY, refusal, type SocketServer, startSocketServer } from './socket-server.js'

async function isAlive(server: SocketServer): Promise<boolean> {
  const client = await server.connect('/socket_server')
  client.send('alive')
  return (await client.frame(1)) === 'recv data:alive'
}

await t.test('a plain GET on a WebSocket route gets 426, and the server lives on', async (t) => {
  const server = await startSocketServer(t)
  for (const path of ['/ws', '/socket_server']) {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`)
    t.equal(response.status, 426)
    t.equal(response.headers.get('upgrade'), 'websocket')
    t.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    t.match(await response.json(), { code: 'FAILED_PRECONDITION', reason: 'upgrade_required' })
  }
  t.ok(await isAlive(server))
})

await t.test('a route that takes no WebSocket refuses the upgrade', async (t) => {
  const server = await startSocketServer(t)
  const base = `ws://127.0.0.1:${server.port}`
  for (const path of ['/plain', '/earlier']) {
    t.match(await refusal(`${base}${path}`), {
      status: 400,
      body: { reason: 'upgrade_not_supported' },
    })
  }
  t.match(await refusal(`${base}/nowhere`), { status: 404 })
  t.match(await (await fetch(`http://127.0.0.1:${server.port}/plain`)).json(), { plain: true })
  t.ok(await isAlive(server))
})

/** Sends raw text and gives what came back by the time the server hung up. */
async function exchange(server: SocketServer, text: string): Promise<string> {
  const socket = connectTcp(server.port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return answer
}

await t.test('broken handshakes get a 4xx, are hung up on and end nothing', async (t) => {
  const server = await startSocketServer(t)
  const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const version = 'Sec-WebSocket-Version: 13\r\n'
  const body = '{"userId":"a","event":"b","message":"c"}'
  const requests: [string, string][] = [
    [`GET /ws HTTP/1.1\r\n${upgrade}${version}\r\n`, '400'],
    [`GET /ws HTTP/1.1\r\n${upgrade}${version}Sec-WebSocket-Key: short\r\n\r\n`, '400'],
    [`GET /ws HTTP/1.1\r\n${upgrade}${key}Sec-WebSocket-Version: 99\r\n\r\n`, '4'],
    [`HEAD /ws HTTP/1.1\r\n${upgrade}${key}${version}\r\n`, '4'],
    [`GET /earlier HTTP/1.1\r\n${upgrade}${key}${version}\r\n`, '400'],
    [`POST /ws HTTP/1.1\r\n${upgrade}${key}${version}Content-Length: 0\r\n\r\n`, '404'],
    [
      `POST /push HTTP/1.1\r\n${upgrade}${key}${version}X-API-Key: ${API_KEY}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      '400',
    ],
  ]
  for (const [request, status] of requests) {
    const answer = await exchange(server, request)
    t.ok(answer.startsWith(`HTTP/1.1 ${status}`), `${request.slice(0, 20)} ${answer.slice(0, 40)}`)
  }
  t.equal(server.hub.connectionCount(), 0)
  t.ok(await isAlive(server))
})

await t.test('a client that leaves in the middle of the handshake ends nothing', async (t) => {
  const server = await startSocketServer(t)
  for (let count = 0; count < 50; count += 1) {
    const socket = connectTcp(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      () => (count % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()),
    )
    await once(socket, 'close')
  }
  t.ok(await isAlive(server))
  await waitFor('nobody but the last client', () => server.hub.connectionCount() <= 1)
})

await t.test('compression is not negotiated', async (t) => {
  const server = await startSocketServer(t)
  const client = await server.connect('/ws', { perMessageDeflate: true })
  t.equal(client.socket.extensions, '')
})

await t.test('an open connection does not hold its upgrade request', async (t) => {
  const server = await startSocketServer(t)
  const requests: WeakRef<object>[] = []
  server.app.server.prependListener('upgrade', (request) => requests.push(new WeakRef(request)))
  const client = await server.connect('/ws')
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await waitFor('the request to be collected', () => {
    collect()
    return requests[0]?.deref() === undefined
  })
  t.equal(requests.length, 1)
  t.equal(client.socket.readyState, client.socket.OPEN)
})

await t.test('metrics show what is open', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail', ack: true })
  await client.frame(1)
  const text = await server.registry.metrics()
  t.match(text, 'socket_connections 1')
  t.match(text, 'socket_registrations 1')
  t.match(text, 'socket_messages_total{direction="in"} 1')
  t.match(text, 'socket_messages_total{direction="out"} 1')
})

await t.test('no log line carries a token', async (t) => {
  const server = await startSocketServer(t)
  const client = await server.connect('/ws')
  client.send({ token: 'very-secret-token', event: 'mail' })
  await client.closed
  t.ok(server.logger.lines.length > 0)
  t.notMatch(JSON.stringify(server.logger.lines), 'very-secret-token')
})

await t.test('a malformed address pattern stops the start', async (t) => {
  await t.rejects(startSocketServer(t, { allowedAddresses: ['10.0.0'] }), {
    code: 'INVALID_ARGUMENT',
    message: '"10.0.0"',
  })
})
