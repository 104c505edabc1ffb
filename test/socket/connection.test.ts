import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { AppError } from '../../src/errors/app-error.js'
import { closeFrameOf } from '../../src/socket/close-frame.js'
import { SocketConnection } from '../../src/socket/connection.js'
import { createWriteTurn } from '../../src/socket/write-turn.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { startSocketServer } from './socket-server.js'

await t.test('a silent peer is closed at the idle limit, from the first moment on', async (t) => {
  const server = await startSocketServer(t, { idleTimeoutMs: 60, pingIntervalMs: 1_000 })
  const client = await server.connect('/socket_server')
  t.same(await client.closed, { code: 4504, reason: 'connection_idle' })
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
})

await t.test('pings of the server and the pongs to them keep a quiet peer alive', async (t) => {
  const server = await startSocketServer(t, { idleTimeoutMs: 400, pingIntervalMs: 40 })
  const client = await server.connect('/socket_server')
  let pings = 0
  client.socket.on('ping', () => (pings += 1))
  await waitFor('pings beyond the idle limit', () => pings >= 15)
  t.equal(client.socket.readyState, client.socket.OPEN)
  t.equal(server.hub.connectionCount(), 1)
})

await t.test('a peer that answers no ping is closed and, without an answer, cut', async (t) => {
  const server = await startSocketServer(t, {
    idleTimeoutMs: 100,
    pingIntervalMs: 20,
    closeTimeoutMs: 40,
  })
  const client = await server.connect('/socket_server', { autoPong: false })
  // The peer reads nothing any more, so it cannot answer the close frame either.
  client.socket.pause()
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  t.match(await server.registry.metrics(), 'socket_closes_total{code="4504"} 1')
})

await t.test('pings of the peer are answered and count as life', async (t) => {
  const server = await startSocketServer(t, { idleTimeoutMs: 150, pingIntervalMs: 10_000 })
  const client = await server.connect('/socket_server', { autoPong: false })
  const end = performance.now() + 500
  await waitFor('more than three idle limits', async () => {
    const pong = once(client.socket, 'pong')
    client.socket.ping()
    await pong
    return performance.now() > end
  })
  t.equal(server.hub.connectionCount(), 1)
})

await t.test('a peer that sends too fast is closed as rate_limited', async (t) => {
  const server = await startSocketServer(t, { messagesPerSecondMax: 5 })
  const client = await server.connect('/socket_server')
  for (let count = 0; count < 50; count += 1) client.send(`${count}`)
  t.same(await client.closed, { code: 4429, reason: 'rate_limited' })
  t.equal(client.received[0], 'recv data:0')
  t.ok(client.received.length < 50, 'what came over the limit was not processed')
})

await t.test('pings are limited like messages', async (t) => {
  const server = await startSocketServer(t, { messagesPerSecondMax: 5 })
  const client = await server.connect('/socket_server')
  for (let count = 0; count < 50; count += 1) client.socket.ping()
  t.same(await client.closed, { code: 4429, reason: 'rate_limited' })
})

await t.test('a peer that does not read is closed as slow_consumer; others get all', async (t) => {
  const server = await startSocketServer(t, { queueBytesMax: 262_144, closeTimeoutMs: 40 })
  server.authentication.grant('token', { userId: 'ada' })
  const slow = await server.connect('/ws')
  const good = await server.connect('/ws')
  for (const client of [slow, good]) client.send({ token: 'token', event: 'mail' })
  await waitFor('both registered', () => server.hub.registrationCount() === 2)
  slow.socket.pause()
  const message = 'x'.repeat(65_536)
  let pushed = 0
  await waitFor('the slow one to be refused', async () => {
    const delivered = server.hub.push('ada', 'mail', message)
    pushed += 1
    await good.frame(pushed)
    return delivered === 1
  })
  await waitFor('the slow one to be cut', () => server.hub.connectionCount() === 1)
  t.equal(good.received.length, pushed)
  t.match(await server.registry.metrics(), 'socket_closes_total{code="1013"} 1')
})

await t.test('a message over the frame limit closes with 1009', async (t) => {
  const server = await startSocketServer(t, { frameBytesMax: 1_000 })
  const client = await server.connect('/socket_server')
  client.send('x'.repeat(1_000))
  t.equal(await client.frame(1), `recv data:${'x'.repeat(1_000)}`)
  client.send('x'.repeat(1_001))
  t.equal((await client.closed).code, 1009)
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  t.ok(server.logger.lines.some((line) => line.message === 'socket error'))
})

await t.test('a text frame that is not UTF-8 closes with 1007', async (t) => {
  const server = await startSocketServer(t)
  const client = await server.connect('/socket_server')
  client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
  t.equal((await client.closed).code, 1007)
})

await t.test('a peer that breaks the protocol and then stays is cut', async (t) => {
  const server = await startSocketServer(t, { closeTimeoutMs: 40 })
  const socket = connectTcp(server.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(
    'GET /socket_server HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(socket, 'data')
  socket.on('error', () => {})
  const gone = once(socket, 'close')
  // An unmasked frame: a client must mask (RFC 6455 §5.1).
  socket.write(Buffer.from([0x81, 0x01, 0x41]))
  await gone
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
})

await t.test('a cut connection leaves nothing behind', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada', sessionId: 's1' })
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail', ack: true })
  await client.frame(1)
  t.equal(server.handles.count('s1'), 1)
  client.socket.terminate()
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  t.equal(server.hub.registrationCount(), 0)
  t.equal(server.handles.count('s1'), 0)
})

/** A connection on a bare ws server, to be called directly. */
async function createPair(t: Tap, receive: () => void = () => {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.teardown(() => server.close())
  const accepted = once(server, 'connection')
  const { port } = server.address() as AddressInfo
  const peer = new WebSocket(`ws://127.0.0.1:${port}`)
  t.teardown(() => peer.terminate())
  const frames: string[] = []
  peer.on('message', (data: Buffer) => frames.push(data.toString()))
  const closed = once(peer, 'close')
  const [socket, request] = (await accepted) as [WebSocket, IncomingMessage]
  const logger = createMemoryLogger()
  const closes: number[] = []
  let released = 0
  const connection = new SocketConnection({
    id: 'c1',
    address: '127.0.0.1',
    socket,
    net: request.socket,
    handler: {
      ...{ receive, tick: () => {}, closeFrame: closeFrameOf },
      release: () => (released += 1),
    },
    shared: {
      limits: {
        queueBytesMax: 100_000,
        idleTimeoutMs: 1_000,
        pingIntervalMs: 500,
        messagesPerSecondMax: 10,
        closeTimeoutMs: 100,
      },
      metrics: {
        messageReceived: () => {},
        messageSent: () => {},
        slowConsumer: () => {},
        rateLimited: () => {},
        replyFailed: () => {},
        refused: () => {},
        connectionClosed: (code) => closes.push(code),
      },
      logger,
      turn: createWriteTurn(),
    },
    nowMs: performance.now(),
  })
  await once(peer, 'open')
  return { connection, peer, frames, closed, logger, closes, released: () => released }
}
type Tap = { teardown(action: () => unknown): void }

await t.test('close is idempotent, releases once, and nothing is sent after it', async (t) => {
  const pair = await createPair(t)
  t.equal(pair.connection.isOpen(), true)
  t.equal(pair.connection.send('before'), true)
  pair.connection.close(4401, `gone ${'é'.repeat(100)}`)
  pair.connection.close(1000, 'later')
  t.equal(pair.connection.isOpen(), false)
  t.equal(pair.connection.send('after'), false)
  t.equal(pair.connection.sendBinary(Buffer.from('after')), false)
  pair.connection.received(Buffer.from('late'), false)
  pair.connection.fail(new Error('late'))
  pair.connection.pinged()
  const [code, reason] = (await pair.closed) as [number, Buffer]
  t.equal(code, 4401)
  t.equal(reason.toString(), `gone ${'é'.repeat(59)}`)
  t.same(pair.frames, ['before'])
  pair.connection.closed(1006)
  t.same(pair.closes, [4401], 'the code of this side is the one that is counted')
  t.equal(pair.released(), 1)
  t.same(pair.logger.lines, [])
})

await t.test('a failure closes with its code and is logged without leaking', async (t) => {
  const pair = await createPair(t, () => {
    throw new Error('select secret from users')
  })
  pair.connection.received(Buffer.from('x'), false)
  const [code, reason] = (await pair.closed) as [number, Buffer]
  t.same([code, reason.toString()], [1011, 'internal'])
  t.match(pair.logger.lines, [
    { level: 'error', fields: { connectionId: 'c1', code: 'INTERNAL', err: Error } },
  ])
})

await t.test('an AppError closes with the code of the table and its reason', async (t) => {
  const pair = await createPair(t, () => {
    throw new AppError('RESOURCE_EXHAUSTED', 'too_large', 'Too large.')
  })
  pair.connection.received(Buffer.from('x'), false)
  const [code, reason] = (await pair.closed) as [number, Buffer]
  t.same([code, reason.toString()], [1009, 'too_large'])
  t.match(pair.logger.lines, [{ level: 'warn', fields: { reason: 'too_large' } }])
})

await t.test('the bound of the queue counts the frame about to be added', async (t) => {
  const pair = await createPair(t)
  t.equal(pair.connection.sendBinary(Buffer.alloc(99_990)), true, 'payload and header fit exactly')
  const fresh = await createPair(t)
  t.equal(fresh.connection.send('x'.repeat(99_991)), false)
  const [code, reason] = (await fresh.closed) as [number, Buffer]
  t.same([code, reason.toString()], [1013, 'slow_consumer'])
})
