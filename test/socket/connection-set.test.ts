import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { createHub } from '../../src/realtime/hub.js'
import { createAddressQuota } from '../../src/socket/address-quota.js'
import { createConnectionSet } from '../../src/socket/connection-set.js'
import { createEchoProtocol } from '../../src/socket/protocols/echo-protocol.js'
import { createSocketMetrics } from '../../src/socket/socket-metrics.js'
import { createWriteTurn } from '../../src/socket/write-turn.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { startSocketServer } from './socket-server.js'

const origin = { requestId: 'r1', address: '127.0.0.1', path: '/echo' }

async function createBareSet(
  t: { teardown(action: () => unknown): void },
  connectionsMax: number,
  ofAddressMax = 0,
) {
  const hub = createHub({ connectionsMax, registrationsPerConnectionMax: 1 })
  const logger = createMemoryLogger()
  const set = createConnectionSet({
    hub,
    addresses: createAddressQuota(ofAddressMax),
    drainWindowMs: 0,
    drainDeadlineMs: 60_000,
    shared: {
      limits: {
        queueBytesMax: 100_000,
        idleTimeoutMs: 10_000,
        pingIntervalMs: 10_000,
        messagesPerSecondMax: 10,
        closeTimeoutMs: 100,
      },
      metrics: createSocketMetrics({ hub }),
      logger,
      turn: createWriteTurn(),
    },
    shortestTimeoutMs: 100,
  })
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket, request) =>
    set.adopt(socket, request.socket, createEchoProtocol(), origin),
  )
  t.teardown(async () => {
    await set.close()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const connect = () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    t.teardown(() => socket.terminate())
    return socket
  }
  return { hub, set, connect, logger }
}

async function closeOf(socket: WebSocket) {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return { code, reason: reason.toString() }
}

await t.test('a socket that comes when the hub is full is closed at once', async (t) => {
  const { hub, connect, logger } = await createBareSet(t, 1)
  const first = connect()
  await once(first, 'open')
  t.same(await closeOf(connect()), { code: 4429, reason: 'too_many_connections' })
  t.equal(hub.connectionCount(), 1)
  first.close(1000)
  await waitFor('an empty hub', () => hub.connectionCount() === 0)
  t.match(logger.lines, [
    { level: 'info', message: 'socket opened', fields: origin },
    { level: 'info', message: 'socket opened', fields: origin },
    { level: 'warn', fields: { reason: 'too_many_connections' } },
    { level: 'info', message: 'socket closed', fields: { code: 4429 } },
    { level: 'info', message: 'socket closed', fields: { code: 1000 } },
  ])
})

await t.test('a socket that comes when its address is full is closed at once', async (t) => {
  const { hub, connect } = await createBareSet(t, 10, 2)
  const refused = { code: 4429, reason: 'too_many_connections_of_address' }
  const sockets = Array.from({ length: 6 }, connect)
  const ends: unknown[] = []
  for (const socket of sockets) void closeOf(socket).then((end) => ends.push(end))
  await waitFor('the refusals', () => ends.length >= 4)
  t.strictSame(ends, [refused, refused, refused, refused])
  t.equal(hub.connectionCount(), 2)
  for (const socket of sockets) socket.close(1000)
  await waitFor('an empty hub', () => hub.connectionCount() === 0)
  await once(connect(), 'open')
  await waitFor('a place that is given back', () => hub.connectionCount() === 1)
})

await t.test('a socket that comes while the set closes is closed as well', async (t) => {
  const { hub, set, connect } = await createBareSet(t, 5)
  t.equal(set.isClosing(), false)
  await set.close()
  t.equal(set.isClosing(), true)
  t.same(await closeOf(connect()), { code: 1001, reason: 'server_shutdown' })
  t.equal(hub.connectionCount(), 0)
})

await t.test('the server says goodbye with 1001 and waits for every peer', async (t) => {
  const server = await startSocketServer(t)
  const clients = await Promise.all([1, 2, 3].map(() => server.connect('/socket_server')))
  await server.app.close()
  t.equal(server.hub.connectionCount(), 0)
  for (const client of clients) {
    t.same(await client.closed, { code: 1001, reason: 'server_shutdown' })
  }
})

await t.test('a peer that does not answer the goodbye is cut in time', async (t) => {
  const server = await startSocketServer(t, { closeTimeoutMs: 50 })
  const deaf = await server.connect('/socket_server')
  const polite = await server.connect('/socket_server')
  deaf.socket.pause()
  await server.app.close()
  t.equal(server.hub.connectionCount(), 0)
  t.same(await polite.closed, { code: 1001, reason: 'server_shutdown' })
})

await t.test(
  'whoever is still there at the deadline is cut, whatever the close timeout',
  async (t) => {
    const server = await startSocketServer(t, { closeTimeoutMs: 60_000, drainDeadlineMs: 50 })
    const deaf = await server.connect('/socket_server')
    deaf.socket.pause()
    await server.app.close()
    t.equal(server.hub.connectionCount(), 0)
  },
)

await t.test('random frames and garbage bytes crash nothing and leave nothing', async (t) => {
  const server = await startSocketServer(t, { closeTimeoutMs: 50 })
  server.authentication.grant('token', { userId: 'ada' })
  const random = createRandom(42)
  const values: (() => unknown)[] = [
    () => null,
    () => [],
    () => random(1_000),
    () => 'text',
    () => ({ token: random(3), event: 'x' }),
    () => ({ token: 'token', event: 'e'.repeat(random(600)) }),
    () => ({ Token: 'token', EVENT: `e${random(9)}`, ack: random(2) === 1 }),
    () => ({ event: 'e1', unregister: true }),
    () => ({ token: 'wrong', event: 'x' }),
    () => ({ name: 'n', age: random(2) === 1 ? '1' : 1 }),
  ]
  const bytes = () => Buffer.from(Array.from({ length: random(80) }, () => random(256)))
  for (let sent = 0; sent < 1_000;) {
    const client = await server.connect(random(2) === 0 ? '/ws' : '/socket_server')
    const { socket } = client
    const garbage = random(2) === 0
    for (let count = 0; count < 10; count += 1, sent += 1) {
      const value = JSON.stringify(values[random(values.length)]?.())
      // Below the framing: what arrives is no WebSocket frame, or the wrong one.
      if (garbage) tcpOf(socket).write(bytes())
      else socket.send(random(4) === 0 ? bytes() : value.slice(0, random(value.length + 20)))
    }
    if (random(2) === 0) tcpOf(socket).destroy()
    else socket.close()
  }
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  t.equal(server.hub.registrationCount(), 0)
  t.same(server.handles.sessionIds(), [])
  const errors = server.logger.lines.filter((line) => line.level === 'error')
  t.same(errors, [])
  const client = await server.connect('/socket_server')
  client.send('alive')
  t.equal(await client.frame(1), 'recv data:alive')
})

/** The TCP socket under a client, to write below the framing. */
function tcpOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket
}

/** Whole numbers below `max`, the same sequence for the same seed (mulberry32). */
function createRandom(seed: number): (max: number) => number {
  let state = seed
  return (max) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (((mixed ^ (mixed >>> 14)) >>> 0) % 0x1_0000_0000) % max
  }
}
