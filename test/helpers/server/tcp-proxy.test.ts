import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { waitFor } from '../wait-for.js'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js'

const HOST = '127.0.0.1'

interface Peer {
  readonly socket: Socket
  /** Resolves when it heard the end, or the reset, of the other side. */
  readonly ended: Promise<void>
  /** Resolves when both directions are closed. */
  readonly closed: Promise<void>
  /** What arrived so far. */
  readonly text: () => string
}

function peerOf(socket: Socket): Peer {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const ended = new Promise<void>((resolve) => socket.once('end', () => resolve()))
  return { socket, ended: Promise.race([ended, closed]), closed, text: () => text }
}

interface Wire {
  readonly proxy: TcpProxy
  readonly server: Server
  /** The server's ends of the connections, in order of arrival. */
  readonly accepted: Peer[]
  /** Opens a connection through the proxy. */
  readonly open: () => Promise<Peer>
  /** Opens one and waits for the server's end of it. */
  readonly pair: () => Promise<{ client: Peer; server: Peer }>
}

async function createWire(t: Test, mark?: (chunk: Buffer) => boolean): Promise<Wire> {
  const accepted: Peer[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(peerOf(socket))
  }).listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const proxy = await startTcpProxy({
    target: { host: HOST, port },
    ...(mark === undefined ? {} : { mark }),
  })
  t.teardown(async () => {
    await proxy.close()
    for (const { socket } of accepted) socket.destroy()
    server.close()
  })
  async function open(): Promise<Peer> {
    const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true })
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return peerOf(socket)
  }
  return {
    proxy,
    server,
    accepted,
    open,
    async pair() {
      const count = accepted.length
      const client = await open()
      return { client, server: await waitFor('the server accepts', () => accepted[count]) }
    },
  }
}

/** Resolves when bytes that were sent before would have arrived: a round trip on another wire. */
async function roundTrip(t: Test): Promise<void> {
  const wire = await createWire(t)
  const { client, server } = await wire.pair()
  client.socket.write('ping')
  await waitFor('ping', () => server.text() === 'ping')
  server.socket.write('pong')
  await waitFor('pong', () => client.text() === 'pong')
}

await t.test('the proxy hands bytes on in order and counts them', async (t) => {
  const { proxy, pair } = await createWire(t)
  const { client, server } = await pair()
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`)
  for (const line of lines) client.socket.write(line)
  server.socket.write('answer')
  const sent = lines.join('')
  await waitFor('all lines', () => server.text().length === sent.length)
  t.equal(server.text() === sent, true)
  await waitFor('the answer', () => client.text() === 'answer')
  t.same(proxy.counts(), {
    accepted: 1,
    open: 1,
    bytesToServer: sent.length,
    bytesToClient: 6,
  })
})

await t.test('a slow reader slows the sender and loses nothing', async (t) => {
  const { pair, proxy } = await createWire(t)
  const { client, server } = await pair()
  server.socket.pause()
  const block = 'x'.repeat(1024 * 1024)
  const blocks = 24
  let written = 0
  const writing = (async () => {
    for (; written < blocks; written += 1) {
      if (!client.socket.write(block)) await once(client.socket, 'drain')
    }
    client.socket.end()
  })()
  await waitFor('bytes under way', () => proxy.counts().bytesToServer > 0)
  await roundTrip(t)
  t.ok(written < blocks, 'the sender had to wait')
  server.socket.resume()
  await writing
  await waitFor('all blocks', () => server.text().length === blocks * block.length)
})

await t.test('an end of one direction leaves the other open', async (t) => {
  const { pair, proxy } = await createWire(t)
  const { client, server } = await pair()
  client.socket.end('question')
  await server.ended
  t.equal(server.text(), 'question')
  server.socket.end('answer')
  await client.ended
  t.equal(client.text(), 'answer')
  await waitFor('no connection is left', () => proxy.counts().open === 0)
})

await t.test('a reset is passed on', async (t) => {
  const { pair, proxy } = await createWire(t)
  const { client, server } = await pair()
  client.socket.resetAndDestroy()
  await server.ended
  await waitFor('no connection is left', () => proxy.counts().open === 0)
})

await t.test('a dead target closes the connection', async (t) => {
  const { proxy, server, open } = await createWire(t)
  server.close()
  const client = await open()
  await client.ended
  t.equal(proxy.counts().open, 0)
})

await t.test('retarget leads new connections elsewhere', async (t) => {
  const first = await createWire(t)
  const second = await createWire(t)
  const old = await first.pair()
  first.proxy.retarget({ host: HOST, port: second.proxy.port })
  await first.open()
  await waitFor('the second server has it', () => second.accepted.length === 1)
  old.client.socket.write('still here')
  await waitFor('the old one stays', () => old.server.text() === 'still here')
})

await t.test('cut destroys connections and refuses new ones until restore', async (t) => {
  const { proxy, pair, open } = await createWire(t)
  const { client, server } = await pair()
  await proxy.cut()
  await Promise.all([client.ended, server.ended])
  t.equal(proxy.counts().open, 0)
  await t.rejects(open(), { code: 'ECONNREFUSED' })
  await proxy.cut()

  await proxy.restore()
  await proxy.restore()
  const again = await pair()
  again.client.socket.write('hello')
  await waitFor('bytes again', () => again.server.text() === 'hello')
  t.equal(proxy.counts().accepted, 2)
})

await t.test('cutMarked destroys what is marked, now and later, and nothing else', async (t) => {
  const { proxy, pair } = await createWire(t, (chunk) => chunk.includes('listen'))
  const [before, plain] = [await pair(), await pair()]
  before.client.socket.write('listen')
  await waitFor('it is on its way', () => before.server.text() === 'listen')
  proxy.cutMarked()
  await Promise.all([before.client.ended, before.server.ended])
  const later = await pair()
  later.client.socket.write('hello')
  await waitFor('it may speak', () => later.server.text() === 'hello')
  later.client.socket.write(' listen')
  await later.client.ended
  t.equal(later.server.text(), 'hello', 'the mark itself does not pass')
  plain.client.socket.write('still here')
  await waitFor('the other one goes on', () => plain.server.text() === 'still here')
  await proxy.restore()
  const after = await pair()
  after.client.socket.write('listen')
  await waitFor('it passes again', () => after.server.text() === 'listen')
})

await t.test('stall moves nothing, and restore delivers what was held', async (t) => {
  const { proxy, pair, open, accepted } = await createWire(t)
  const { client, server } = await pair()
  proxy.stall()
  proxy.stall()
  client.socket.write('one')
  server.socket.write('uno')
  const late = await open()
  late.socket.write('late')
  await roundTrip(t)
  t.equal(server.text(), '')
  t.equal(client.text(), '')
  t.equal(accepted.length, 1, 'the new connection did not reach the server')
  t.equal(proxy.counts().open, 2)
  t.equal(proxy.counts().bytesToServer, 0)

  client.socket.write(' two')
  await proxy.restore()
  await waitFor('held bytes at the server', () => server.text() === 'one two')
  await waitFor('held bytes at the client', () => client.text() === 'uno')
  await waitFor('the late connection', () => accepted[1]?.text() === 'late')
})

await t.test('a stalled wire hides the end and the reset of a peer', async (t) => {
  const { proxy, pair, accepted } = await createWire(t)
  const [ended, reset] = [await pair(), await pair()]
  let isSeen = false
  for (const { socket } of accepted) {
    socket.once('end', () => (isSeen = true))
    socket.once('close', () => (isSeen = true))
  }
  proxy.stall()
  ended.client.socket.end('bye')
  reset.client.socket.resetAndDestroy()
  await roundTrip(t)
  t.equal(isSeen, false)
  await proxy.restore()
  await Promise.all([ended.server.ended, reset.server.ended])
  t.equal(ended.server.text(), 'bye')
})

await t.test('a connection that gave up while stalled never reaches the server', async (t) => {
  const { proxy, open, accepted } = await createWire(t)
  proxy.stall()
  const client = await open()
  client.socket.resetAndDestroy()
  await client.closed
  await roundTrip(t)
  await proxy.restore()
  await waitFor('it is forgotten', () => proxy.counts().open === 0)
  t.equal(accepted.length, 0)
})

await t.test('cut ends what is stalled', async (t) => {
  const { proxy, pair, open } = await createWire(t)
  const { client } = await pair()
  proxy.stall()
  const late = await open()
  await waitFor('both are there', () => proxy.counts().open === 2)
  await proxy.cut()
  await Promise.all([client.ended, late.ended])
  t.equal(proxy.counts().open, 0)
})

for (const swallowed of ['server-to-client', 'client-to-server'] as const) {
  await t.test(`halfOpen holds ${swallowed} only`, async (t) => {
    const { proxy, pair } = await createWire(t)
    const { client, server } = await pair()
    const [deaf, hearing] = swallowed === 'server-to-client' ? [client, server] : [server, client]
    proxy.halfOpen(swallowed)
    hearing.socket.write('lost')
    deaf.socket.write('heard')
    await waitFor('the other direction', () => hearing.text() === 'heard')
    await roundTrip(t)
    t.equal(deaf.text(), '')
    await proxy.restore()
    await waitFor('delivered in the end', () => deaf.text() === 'lost')
  })
}

await t.test('halfOpen ends a stall of the other direction', async (t) => {
  const { proxy, pair } = await createWire(t)
  const { client, server } = await pair()
  proxy.stall()
  client.socket.write('held')
  proxy.halfOpen('server-to-client')
  await waitFor('delivered', () => server.text() === 'held')
})

await t.test('delay keeps the order of bytes also when it ends', async (t) => {
  const { proxy, pair } = await createWire(t)
  const { client, server } = await pair()
  client.socket.setNoDelay(true)
  const startMs = performance.now()
  proxy.delay(100)
  client.socket.write('slow ')
  await roundTrip(t)
  proxy.delay(0)
  client.socket.write('fast')
  await waitFor('both', () => server.text() === 'slow fast')
  t.ok(performance.now() - startMs >= 100, 'not before its time')
})

await t.test('close leaves nothing behind and may come twice', async (t) => {
  const { proxy, pair, open } = await createWire(t)
  const { client } = await pair()
  await proxy.close()
  await client.ended
  await proxy.close()
  await t.rejects(open(), { code: 'ECONNREFUSED' })
})
