import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { waitFor } from '../helpers/wait-for.js'
import {
  API_KEY,
  callRaw,
  connect,
  type Metadatum,
  SAY_HELLO,
  startServer,
  type TestServer,
  VERIFY,
} from './harness.js'

const CHECK = '/grpc.health.v1.Health/Check'
const GREET_1 = Buffer.from([8, 1])
const KEY: readonly Metadatum[] = [['x-api-key', API_KEY]]
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])

/** The codes that say "it was your fault"; 0 when the bytes happen to be a message. */
const CALLER_AT_FAULT = [0, 3, 5]

/** The next call of an honest client still works. */
async function assertAlive(t: Tap, { address }: TestServer): Promise<void> {
  const answer = await callRaw(connect(t, address), SAY_HELLO, GREET_1)
  t.ok(answer.includes('hello world'), 'the server still answers')
}

interface Tap {
  teardown(fn: () => unknown): void
  ok(value: unknown, message: string): unknown
}

/** Sends bytes on a fresh connection; resolves when it is over, whichever side ended it. */
function sendTcp(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.once('close', () => {
      resolve()
    })
    socket.resume()
    socket.end(bytes)
  })
}

/** One HTTP/2 request of any shape on a connection of its own; the header `grpc-status` or the HTTP status. */
function request(port: number, headers: Record<string, string>, body: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    let outcome = 'reset'
    session.on('error', () => undefined)
    session.once('close', () => {
      resolve(outcome)
    })
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    stream.on('response', (response) => {
      const status: unknown = response['grpc-status'] ?? response[constants.HTTP2_HEADER_STATUS]
      outcome = String(status)
    })
    stream.on('trailers', (trailers: Record<string, unknown>) => {
      outcome = String(trailers['grpc-status'])
    })
    stream.on('error', () => undefined)
    stream.once('close', () => {
      session.destroy()
    })
    stream.resume()
    stream.end(body)
  })
}

/** A length-prefixed message of the gRPC protocol. */
function frame(message: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

await t.test('gRPC server survives 1,000 random messages without a fault of its own', async (t) => {
  const running = await startServer(t)
  const client = connect(t, running.address)
  const outcomes = new Map<number, number>()
  const paths = [SAY_HELLO, VERIFY, CHECK]
  const calls = Array.from({ length: 1_000 }, async (_, index) => {
    const bytes = randomBytes(index % 400)
    const code = await callRaw(client, paths[index % paths.length] ?? SAY_HELLO, bytes, KEY).then(
      () => 0,
      (error: { code: number }) => error.code,
    )
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1)
  })
  await Promise.all(calls)
  t.strictSame(
    [...outcomes.keys()].filter((code) => !CALLER_AT_FAULT.includes(code)),
    [],
    'no status but the expected',
  )
  t.ok((outcomes.get(3) ?? 0) > 500, 'most are INVALID_ARGUMENT')
  t.notOk(running.logger.lines.some((line) => line.level === 'error'))
  await assertAlive(t, running)
})

await t.test('gRPC server survives text that is not well-formed', async (t) => {
  const running = await startServer(t)
  const client = connect(t, running.address)
  const halfSurrogate = Buffer.from([10, 3, 0xed, 0xa0, 0x80])
  const code = await callRaw(client, CHECK, halfSurrogate).then(
    () => 0,
    (error: { code: number }) => error.code,
  )
  t.ok(CALLER_AT_FAULT.includes(code), `code ${code}`)
  await assertAlive(t, running)
})

await t.test('gRPC server survives garbage over TCP', async (t) => {
  // After a broken frame Node keeps the connection; the ping that nobody answers ends it.
  const running = await startServer(t, {}, { keepaliveIntervalMs: 50, keepaliveTimeoutMs: 50 })
  const payloads = Array.from({ length: 150 }, (_, index) => {
    const noise = randomBytes(1 + index * 7)
    const prefixes = [
      Buffer.alloc(0),
      PREFACE,
      Buffer.concat([PREFACE, EMPTY_SETTINGS]),
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from([22, 3, 1, 2, 0, 1]),
    ]
    return Buffer.concat([prefixes[index % prefixes.length] ?? PREFACE, noise])
  })
  for (let i = 0; i < payloads.length; i += 25) {
    await Promise.all(payloads.slice(i, i + 25).map((bytes) => sendTcp(running.port, bytes)))
  }
  await assertAlive(t, running)
})

await t.test(
  'gRPC server gets rid of 1,000 half-open connections, and nothing is left',
  async (t) => {
    const running = await startServer(t, {}, { keepaliveIntervalMs: 200, keepaliveTimeoutMs: 200 })
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const before = sockets()
    const beginnings = [Buffer.alloc(0), PREFACE.subarray(0, 12), PREFACE]
    // Nobody here answers a ping or ends a line: it is for the server to see that.
    const halves = Array.from({ length: 1_000 }, async (_, index) => {
      const socket = connectTcp({ port: running.port, host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => undefined)
      const closed = once(socket, 'close')
      socket.once('end', () => socket.destroy())
      socket.resume()
      socket.write(beginnings[index % beginnings.length] ?? PREFACE)
      await closed
    })
    await assertAlive(t, running)
    await Promise.all(halves)
    await assertAlive(t, running)
    await waitFor('no socket but those of the honest', () => sockets() <= before + 4)
  },
)

await t.test('gRPC server answers every odd request without falling over', async (t) => {
  const running = await startServer(t, {}, { messageBytesMax: 1_000 })
  const { port } = running
  const path = SAY_HELLO
  const good = frame(GREET_1)
  const send = (headers: Record<string, string>, body: Buffer): Promise<string> =>
    request(port, { ':path': path, ...headers }, body)
  t.equal(await send({}, good), '0', 'the honest request')
  t.equal(await send({ 'content-type': 'text/plain' }, good), '415', 'content type')
  t.equal(await send({ ':path': '/caf\u00e9/\u00ff' }, good), '12', 'unknown method')
  t.equal(await send({}, Buffer.alloc(0)), '12', 'no message')
  t.equal(await send({}, good.subarray(0, 6)), '12', 'half a message')
  t.equal(await send({}, Buffer.concat([good, good])), '12', 'two messages')
  t.equal(await send({}, frame(Buffer.alloc(1_001))), '8', 'too large')
  t.equal(await send({}, Buffer.from([0, 255, 255, 255, 255])), '8', 'a length of 4 GiB')
  t.equal(await send({ 'grpc-encoding': 'gzip' }, frame(GREET_1, 1)), '13', 'not gzip')
  t.equal(await send({ 'grpc-encoding': 'zz' }, frame(GREET_1, 1)), '12', 'unknown encoding')
  t.equal(await send({ 'grpc-timeout': 'soon' }, good), '13', 'timeout that is none')
  t.equal(await send({ 'x-note': 'n'.repeat(20_000) }, good), '8', 'metadata over our limit')
  t.equal(await send({ 'x-note': 'n'.repeat(100_000) }, good), 'reset', 'over the transport limit')
  const manyHeaders = Object.fromEntries(
    Array.from({ length: 300 }, (_, index): [string, string] => [`x-${index}`, 'n']),
  )
  t.not(await send(manyHeaders, good), '0', 'too many entries')
  await assertAlive(t, running)
})

await t.test('gRPC server survives peers that cut the line in the middle of a call', async (t) => {
  const running = await startServer(t, {
    authentication: { authenticate: () => new Promise(() => undefined) },
  })
  const cut = Array.from(
    { length: 50 },
    () =>
      new Promise<void>((resolve) => {
        const session = connectHttp2(`http://127.0.0.1:${running.port}`)
        session.on('error', () => undefined)
        session.once('close', () => {
          resolve()
        })
        const stream = session.request({
          ':method': 'POST',
          ':path': VERIFY,
          'content-type': 'application/grpc',
          'x-api-key': API_KEY,
        })
        stream.on('error', () => undefined)
        stream.write(frame(Buffer.from([10, 1, 97])), () => {
          session.destroy()
        })
      }),
  )
  await Promise.all(cut)
  await assertAlive(t, running)
})
