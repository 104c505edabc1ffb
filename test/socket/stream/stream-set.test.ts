import { request } from 'node:http'
import { promisify } from 'node:util'
import t from 'tap'
import { waitFor } from '../../helpers/wait-for.js'
import { startSocketServer } from '../socket-server.js'
import { emulate, openStream } from './stream-client.js'

const CONNECT = JSON.stringify({ id: 1, connect: { token: 'token' } })

await t.test('streams are counted, pinged, limited and sent away', async (t) => {
  const server = await startSocketServer(t, {
    connectionsPerAddressMax: 2,
    centrifuge: { pingIntervalMs: 40, pongTimeoutMs: 30_000 },
  })
  server.authentication.grant('token', { userId: 'ann' })
  const one = await openStream(t, server.port, 'lines', CONNECT)
  const two = await openStream(t, server.port, 'sse', CONNECT)
  t.equal((await openStream(t, server.port, 'sse', CONNECT)).status, 429)
  await one.line('a ping', (line) => Object.keys(line).length === 0)
  t.equal(server.hub.connectionCount(), 2)
  two.destroy()
  await waitFor('its place to be free', () => server.hub.connectionCount() === 1)
  t.match(await server.registry.metrics(), 'socket_closes_total{code="3000"} 1')
  t.match(
    await server.registry.metrics(),
    'socket_refusals_total{reason="too_many_connections_of_address"} 1',
  )
  const closed = server.app.close()
  t.match(await one.line('the end', (line) => 'push' in line), {
    push: { disconnect: { code: 3001, reason: 'shutdown' } },
  })
  await closed
})

await t.test('streams whose bodies come at once take no more places than there are', async (t) => {
  const server = await startSocketServer(t, { connectionsPerAddressMax: 3 })
  server.authentication.grant('token', { userId: 'ann' })
  const path = '/connection/http_stream'
  const headers = { 'content-type': 'application/json', 'content-length': CONNECT.length }
  const to = { host: '127.0.0.1', port: server.port, agent: false, method: 'POST', path, headers }
  const requests = Array.from({ length: 12 }, () => request(to))
  const statuses: unknown[] = []
  for (const outgoing of requests) {
    t.teardown(() => outgoing.destroy())
    outgoing.on('error', () => undefined)
    outgoing.on('response', ({ statusCode }) => statuses.push(statusCode))
    // All of them find a place when their heads arrive.
    outgoing.write(CONNECT.slice(0, 5))
  }
  const connections = promisify(server.app.server.getConnections.bind(server.app.server))
  await waitFor('every head', async () => (await connections()) === 12)
  t.equal((await openStream(t, server.port, 'lines', CONNECT)).status, 200)
  for (const outgoing of requests) outgoing.end(CONNECT.slice(5))
  await waitFor('every answer', () => statuses.length === 12)
  t.equal(statuses.filter((status) => status === 200).length, 2)
  t.equal(statuses.filter((status) => status === 429).length, 10)
  t.equal(server.hub.connectionCount(), 3)
})

await t.test('a stale stream, and one whose client sends too much or nonsense', async (t) => {
  const server = await startSocketServer(t, { registrationTimeoutMs: 60, messagesPerSecondMax: 5 })
  server.authentication.grant('token', { userId: 'ann' })
  const end = (line: Record<string, unknown>): boolean =>
    JSON.stringify(line).includes('disconnect')
  const stale = await openStream(t, server.port, 'lines', '{}')
  t.match(await stale.line('the end', end), { push: { disconnect: { code: 3502 } } })
  for (const [data, code, times] of [
    ['{"id":5,"ping":{}}', 4429, 10],
    ['nonsense', 3501, 1],
  ] as const) {
    const stream = await openStream(t, server.port, 'lines', CONNECT)
    const reply = await stream.line('the reply', ({ id }) => id === 1)
    const { session, node } = reply['connect'] as { session: string; node: string }
    for (let time = 0; time < times; time += 1) await emulate(server.port, { session, node, data })
    t.match(await stream.line('the end', end), { push: { disconnect: { code } } })
  }
})

await t.test('a stream that is not read is cut', async (t) => {
  const server = await startSocketServer(t, { queueBytesMax: 200_000 })
  server.authentication.grant('token', { userId: 'ann' })
  const stream = await openStream(t, server.port, 'lines', CONNECT)
  await stream.line('the reply', ({ id }) => id === 1)
  for (const channel of ['latest:a', 'loose:a']) {
    await server.realtime.subscribe({ userId: 'ann' }, channel)
    await waitFor('the subscription', () => server.centrifuge.channels.isOpen(channel))
  }
  stream.pause()
  const data = JSON.stringify('x'.repeat(60_000))
  const outcomes = { queued: 0, dropped: 0, lost: 0 }
  await waitFor('the end', async () => {
    await server.realtime.publish({ channel: 'user:ann', data })
    const small = { data: '1', receipt: 'written' } as const
    const latest = await server.realtime.publish({ ...small, channel: 'latest:a' })
    const loose = await server.realtime.publish({ ...small, channel: 'loose:a' })
    outcomes.queued += latest.receipt?.queued ?? 0
    outcomes.lost += latest.receipt?.dropped ?? 0
    outcomes.dropped += loose.receipt?.dropped ?? 0
    return server.hub.connectionCount() === 0
  })
  t.ok(outcomes.queued > 0, 'the newest waits')
  t.equal(outcomes.lost, 0)
  t.ok(outcomes.dropped > 0, 'what may be dropped is')
  t.match(await server.registry.metrics(), 'socket_closes_total{code="3008"} 1')
})
