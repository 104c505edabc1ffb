import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { WebSocketServer } from 'ws'
import { runSocketClient, type SocketClientOptions } from '../../src/socket/socket-client.js'
import { waitFor } from '../helpers/wait-for.js'
import { startSocketServer } from './socket-server.js'

/** A client on text streams. `input` left out stays open, as a terminal does. */
function start(url: string, options: Partial<SocketClientOptions> = {}) {
  const output = new PassThrough({ encoding: 'utf8', highWaterMark: 10_000_000 })
  const errorOutput = new PassThrough({ encoding: 'utf8' })
  let printed = ''
  let complained = ''
  output.on('data', (text: string) => (printed += text))
  errorOutput.on('data', (text: string) => (complained += text))
  const abort = new AbortController()
  const input = new PassThrough()
  const exit = runSocketClient({
    url,
    input,
    output,
    errorOutput,
    signal: abort.signal,
    ...options,
  })
  return { abort, input, output, exit, printed: () => printed, complained: () => complained }
}

await t.test('piped lines are sent and every reply is printed', async (t) => {
  const server = await startSocketServer(t)
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`)
  const client = start(`ws://127.0.0.1:${server.port}/socket_server`, {
    input: Readable.from(`${lines.join('\n')}`),
  })
  t.equal(await client.exit, 0)
  t.equal(client.printed(), lines.map((line) => `recv data:${line}\n`).join(''))
  t.equal(client.complained(), '')
  await waitFor('the close', () => server.hub.connectionCount() === 0)
  t.match(await server.registry.metrics(), 'socket_closes_total{code="1000"} 1')
})

await t.test('empty lines, CRLF and no line at all', async (t) => {
  const server = await startSocketServer(t)
  const url = `ws://127.0.0.1:${server.port}/socket_server`
  const client = start(url, { input: Readable.from('\r\n\na\r\n') })
  t.equal(await client.exit, 0)
  t.equal(client.printed(), 'recv data:\nrecv data:\nrecv data:a\n')
  const silent = start(url, { input: Readable.from([]) })
  t.equal(await silent.exit, 0)
  t.equal(silent.printed(), '')
})

await t.test('a client told to stay leaves with the server or the person', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const staying = { stay: true, input: Readable.from('{"token":"token","event":"mail"}\n') }
  const client = start(`ws://127.0.0.1:${server.port}/ws`, staying)
  await waitFor('the registration', () => server.hub.registrationCount() === 1)
  t.equal(server.hub.push('ada', 'mail', 'first'), 1)
  await waitFor('the message', () => client.printed() === 'first\n')
  t.equal(server.hub.push('ada', 'mail', 'second'), 1)
  await waitFor('one more', () => client.printed() === 'first\nsecond\n')
  server.hub.closeAll(4401, 'ended_by_user')
  t.equal(await client.exit, 1)
  t.equal(client.complained(), 'closed by the server: 4401 ended_by_user\n')

  const other = start(`ws://127.0.0.1:${server.port}/socket_server`, {
    stay: true,
    input: Readable.from('hello\n'),
  })
  await waitFor('the reply', () => other.printed() === 'recv data:hello\n')
  other.abort.abort()
  t.equal(await other.exit, 0)
})

await t.test('an interrupt closes with 1000', async (t) => {
  const server = await startSocketServer(t)
  const client = start(`ws://127.0.0.1:${server.port}/socket_server`)
  client.input.write('hello\n')
  await waitFor('the reply', () => client.printed() === 'recv data:hello\n')
  client.abort.abort()
  t.equal(await client.exit, 0)
  t.equal(client.complained(), '')
  await waitFor('the close', () => server.hub.connectionCount() === 0)
  t.match(await server.registry.metrics(), 'socket_closes_total{code="1000"} 1')
})

await t.test('an interrupt before or during the handshake ends the client', async (t) => {
  const before = new AbortController()
  before.abort()
  t.equal(await start('ws://127.0.0.1:1/', { signal: before.signal }).exit, 0)
  const silent = createTcpServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => silent.close())
  const accepted = new Promise((resolve) => silent.once('connection', resolve))
  await new Promise((resolve) => silent.once('listening', resolve))
  const client = start(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
  await accepted
  client.abort.abort()
  t.equal(await client.exit, 0)
  t.equal(client.complained(), '')
})

await t.test('a server that does not reply is waited for only so long', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const client = start(`ws://127.0.0.1:${server.port}/ws`, {
    input: Readable.from('{"token":"token","event":"mail"}\n'),
  })
  await waitFor('the registration', () => server.hub.registrationCount() === 1)
  t.equal(await client.exit, 0)
  t.equal(client.printed(), '')
})

await t.test('a close by the server is reported', async (t) => {
  const server = await startSocketServer(t)
  const client = start(`ws://127.0.0.1:${server.port}/ws`)
  client.input.write('{"token":"wrong","event":"mail"}\n')
  t.equal(await client.exit, 1)
  t.equal(client.complained(), 'closed by the server: 4401 token_malformed\n')
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  const other = start(`ws://127.0.0.1:${server.port}/socket_server`)
  await waitFor('the connection', () => server.hub.connectionCount() === 1)
  server.hub.closeAll(1000, 'done')
  t.equal(await other.exit, 0)
  t.equal(other.complained(), '')
})

await t.test('a refusal is one line with the status', async (t) => {
  const server = await startSocketServer(t, { allowedAddresses: ['10.0.0.1'] })
  const url = `ws://127.0.0.1:${server.port}/ws`
  const client = start(url)
  t.equal(await client.exit, 1)
  t.equal(
    client.complained(),
    `${url}: refused with 403 Forbidden: Connections from this address are not allowed.\n`,
  )
  const web = createServer((_request, response) => {
    response.writeHead(404).end(`<html>${'x'.repeat(100_000)}`)
  }).listen(0, '127.0.0.1')
  t.teardown(() => web.close())
  await new Promise((resolve) => web.once('listening', resolve))
  const lost = start(`ws://127.0.0.1:${(web.address() as AddressInfo).port}/`)
  t.equal(await lost.exit, 1)
  t.match(lost.complained(), /^ws:\/\/127\.0\.0\.1:\d+\/: refused with 404 Not Found\n$/)
})

await t.test('an answer that breaks off is still one line', async (t) => {
  const broken = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\n{"det')
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => broken.close())
  await new Promise((resolve) => broken.once('listening', resolve))
  const client = start(`ws://127.0.0.1:${(broken.address() as AddressInfo).port}/`)
  t.equal(await client.exit, 1)
  t.match(client.complained(), /: refused with 503 Service Unavailable\n$/)
})

await t.test('a server that is not there, and a URL that is none, are one line each', async (t) => {
  const free = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => free.once('listening', resolve))
  const { port } = free.address() as AddressInfo
  await new Promise((resolve) => free.close(resolve))
  const gone = start(`ws://localhost:${port}/`)
  t.equal(await gone.exit, 1)
  t.match(gone.complained(), /^ws:\/\/localhost:\d+\/: cannot connect: .*ECONNREFUSED.*\n$/)
  const nonsense = start('not a url')
  t.equal(await nonsense.exit, 1)
  t.match(nonsense.complained(), /^.*not a url.*\n$/)
})

await t.test('a server that does not answer the close is left', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.send(Buffer.from([1, 2, 3]))
    t.teardown(() => socket.terminate())
    socket.once('message', () => {
      socket.pause()
      socket.send('reply')
    })
  })
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const client = start(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await waitFor('the binary frame', () => client.printed() === '(binary, 3 bytes)\n')
  client.input.end('question\n')
  t.equal(await client.exit, 0)
})

await t.test('a reader that went away ends the client', async (t) => {
  const server = await startSocketServer(t)
  const client = start(`ws://127.0.0.1:${server.port}/socket_server`)
  client.output.destroy(new Error('EPIPE'))
  t.equal(await client.exit, 0)
})

await t.test('an interrupt ends a client whose server does not read', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const accepted = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      t.teardown(() => socket.terminate())
      socket.pause()
      resolve()
    })
  })
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const client = start(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await accepted
  client.input.write(`${'x'.repeat(20_000_000)}\n`)
  await waitFor('the line to be read', () => client.input.readableLength === 0)
  client.abort.abort()
  t.equal(await client.exit, 0)
  t.equal(client.printed(), '')
})
