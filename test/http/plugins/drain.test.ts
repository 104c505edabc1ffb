import { PassThrough } from 'node:stream'
import t from 'tap'
import { createTestServer, type TestServer } from '../../helpers/http-fakes.js'
import { listen, openRaw } from '../../helpers/raw-http.js'
import { waitFor } from '../../helpers/wait-for.js'

const REQUEST = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n'

/** A server with a route that answers when told to. */
function createSlow(): TestServer & { readonly release: () => void; readonly begun: () => number } {
  const waiting: (() => void)[] = []
  let begun = 0
  const made = createTestServer()
  made.server.get('/slow', async () => {
    begun += 1
    await new Promise<void>((resolve) => waiting.push(resolve))
    return { done: true }
  })
  made.server.get('/fast', () => ({ done: true }))
  return { ...made, begun: () => begun, release: () => waiting.splice(0).forEach((go) => go()) }
}

await t.test('a request that has begun is finished, and its connection ends with it', async (t) => {
  const { server, release, begun } = createSlow()
  const port = await listen(server)
  const raw = await openRaw(port, REQUEST)
  await waitFor('the request to begin', () => begun() === 1)
  const closed = server.close()
  await waitFor('the listening to end', () => !server.server.listening)
  release()
  await closed
  await waitFor('the hang-up', raw.isClosed)
  t.match(raw.received(), /^HTTP\/1\.1 200 OK\r\n/)
  t.match(raw.received(), /connection: close/i)
  t.match(raw.received(), '{"done":true}')
})

await t.test('silent, kept-alive and half-sent connections do not hold the end up', async (t) => {
  const { server } = createSlow()
  const port = await listen(server)
  const silent = await openRaw(port)
  const half = await openRaw(port, 'GET /fast HTTP/1.1\r\nHost:')
  const kept = await openRaw(port, 'GET /fast HTTP/1.1\r\nHost: a\r\n\r\n')
  const again = await openRaw(port, 'GET /fast HTTP/1.1\r\nHost: a\r\n\r\nGET /fa')
  await waitFor('the answers', () => kept.received() !== '' && again.received() !== '')
  await server.close()
  for (const raw of [silent, half, kept, again]) await waitFor('the hang-up', raw.isClosed)
  t.notMatch(kept.received(), /connection: close/i, 'while open, connections are kept')
  t.equal(server.server.listening, false)
})

await t.test('a request that slips in on a busy connection is finished too', async (t) => {
  const { server, release, begun } = createSlow()
  const port = await listen(server)
  const raw = await openRaw(port, REQUEST)
  await waitFor('the request to begin', () => begun() === 1)
  const closed = server.close()
  await waitFor('the listening to end', () => !server.server.listening)
  raw.socket.write('GET /fast HTTP/1.1\r\nHost: a\r\n\r\n')
  release()
  await closed
  await waitFor('the hang-up', raw.isClosed)
  t.match(raw.received(), /^HTTP\/1\.1 200 OK\r\n/)
  t.notMatch(raw.received(), 'HTTP/1.1 5')
})

await t.test('an answer that was half sent when the end began is sent whole', async (t) => {
  const { server } = createSlow()
  const stream = new PassThrough()
  server.get('/stream', (_request, reply) => reply.type('text/plain').send(stream))
  const port = await listen(server)
  const raw = await openRaw(port, 'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
  stream.write('first')
  await waitFor('the first part', () => raw.received().includes('first'))
  const closed = server.close()
  await waitFor('the listening to end', () => !server.server.listening)
  stream.end('second')
  await closed
  await waitFor('the hang-up', raw.isClosed)
  t.match(raw.received(), 'second')
})

await t.test('a request whose client went away is logged once, as cancelled', async (t) => {
  const { server, release, begun, lines } = createSlow()
  const port = await listen(server)
  const raw = await openRaw(port, REQUEST)
  await waitFor('the request to begin', () => begun() === 1)
  raw.socket.destroy()
  await waitFor('the log line', () => lines.some(({ path }) => path === '/slow'))
  release()
  await server.inject('/fast')
  await server.close()
  const found = lines.filter(({ path }) => path === '/slow')
  t.match(found, [{ level: 20, status: 499, code: 'CANCELLED', reason: 'client_closed' }])
  t.equal(found.length, 1)
})

await t.test(
  'a connection that asks to become something else is left to its new owner',
  async (t) => {
    const { server } = createSlow()
    const port = await listen(server)
    const upgrade =
      'GET /fast HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
    const raw = await openRaw(port, upgrade)
    await waitFor('the answer', () => raw.received().includes('done'))
    t.match(
      raw.received(),
      /^HTTP\/1\.1 200 OK\r\n/,
      'nobody upgrades here, so it is a plain request',
    )
    raw.socket.destroy()
    await server.close()
  },
)
