/** What RFC 6455 asks of the receiver of frames, case by case, in the manner of Autobahn's test suite. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { waitFor } from '../helpers/wait-for.js'
import { startSocketServer } from './socket-server.js'

const TEXT = 0x1
const BINARY = 0x2
const CONTINUATION = 0x0
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
/** Of a longer message the bytes do not come one by one. */
const BY_BYTE_MAX = 300

interface FrameOptions {
  readonly fin?: boolean
  readonly reserved?: number
  readonly masked?: boolean
  /** Takes the place of the shortest form of the length. */
  readonly lengthForm?: 'short' | 'medium' | 'long'
}

/** One frame, however wrong. */
function frame(opcode: number, payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const { fin = true, reserved = 0, masked = true } = options
  const data = Buffer.from(payload)
  const length = data.length
  const form =
    options.lengthForm ?? (length <= 125 ? 'short' : length <= 65_535 ? 'medium' : 'long')
  const extended = Buffer.alloc(form === 'short' ? 0 : form === 'medium' ? 2 : 8)
  if (form === 'medium') extended.writeUInt16BE(length)
  if (form === 'long') extended.writeBigUInt64BE(BigInt(length))
  const short = form === 'short' ? length : form === 'medium' ? 126 : 127
  const head = Buffer.from([
    (fin ? 0x80 : 0) | (reserved << 4) | opcode,
    (masked ? 0x80 : 0) | short,
  ])
  if (!masked) return Buffer.concat([head, extended, data])
  const mask = randomBytes(4)
  const body = data.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([head, extended, mask, body])
}

function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason)])
}

interface Received {
  readonly opcode: number
  readonly payload: Buffer
}

/** A peer that sends bytes and reads frames. */
async function openPeer(port: number) {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    'GET /socket_server HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  let bytes = Buffer.alloc(0)
  const ended = once(socket, 'close')
  socket.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])))
  await waitFor('the upgrade', () => bytes.includes('\r\n\r\n'))
  bytes = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
  const frames = (): Received[] => {
    const found: Received[] = []
    let at = 0
    while (bytes.length - at >= 2) {
      let length = (bytes[at + 1] ?? 0) & 0x7f
      let head = 2
      if (length === 126) {
        length = bytes.readUInt16BE(at + 2)
        head = 4
      } else if (length === 127) {
        length = Number(bytes.readBigUInt64BE(at + 2))
        head = 10
      }
      if (bytes.length - at < head + length) break
      const payload = bytes.subarray(at + head, at + head + length)
      found.push({ opcode: (bytes[at] ?? 0) & 0x0f, payload })
      at += head + length
    }
    return found
  }
  return { socket, frames, ended }
}

const server = await startSocketServer(t, { frameBytesMax: 70_000, closeTimeoutMs: 100 })

/** Sends the pieces and gives what came back up to the close. */
async function exchange(sent: readonly Buffer[], wanted: number): Promise<Received[]> {
  const peer = await openPeer(server.port)
  for (const bytes of sent) peer.socket.write(bytes)
  await waitFor('the answer', () => {
    const frames = peer.frames()
    return frames.length >= wanted || frames.some(({ opcode }) => opcode === CLOSE)
  })
  const frames = peer.frames()
  peer.socket.destroy()
  await peer.ended
  return frames
}

function byByte(bytes: Buffer): Buffer[] {
  return [...bytes].map((byte) => Buffer.from([byte]))
}

/** The ways in which the same bytes may arrive; what is long comes only as it is. */
function arrivals(sent: readonly Buffer[]): (readonly Buffer[])[] {
  const whole = Buffer.concat(sent)
  return whole.length > BY_BYTE_MAX ? [sent, [whole]] : [sent, [whole], byByte(whole)]
}

const echo = (text: string): string => `recv data:${text}`
const smile = Buffer.from('κόσμε 😀')

const ACCEPTED: Readonly<Record<string, readonly [readonly Buffer[], readonly string[]]>> = {
  'an empty text': [[frame(TEXT, '')], [echo('')]],
  'text of 125 bytes': [[frame(TEXT, 'x'.repeat(125))], [echo('x'.repeat(125))]],
  'text of 126 bytes': [[frame(TEXT, 'x'.repeat(126))], [echo('x'.repeat(126))]],
  'text of 65,535 bytes': [[frame(TEXT, 'x'.repeat(65_535))], [echo('x'.repeat(65_535))]],
  'text of 65,536 bytes': [[frame(TEXT, 'x'.repeat(65_536))], [echo('x'.repeat(65_536))]],
  'text byte by byte': [byByte(frame(TEXT, 'hello')), [echo('hello')]],
  'two frames in one packet': [
    [Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b')])],
    [echo('a'), echo('b')],
  ],
  'a length in a longer form': [[frame(TEXT, 'a', { lengthForm: 'medium' })], [echo('a')]],
  'two fragments': [
    [frame(TEXT, 'hel', { fin: false }), frame(CONTINUATION, 'lo')],
    [echo('hello')],
  ],
  'a ping between fragments': [
    [frame(TEXT, 'hel', { fin: false }), frame(PING, 'p'), frame(CONTINUATION, 'lo')],
    ['p', echo('hello')],
  ],
  'empty fragments': [
    [
      frame(TEXT, '', { fin: false }),
      frame(CONTINUATION, '', { fin: false }),
      frame(CONTINUATION, ''),
    ],
    [echo('')],
  ],
  'a character cut by fragments': [
    [frame(TEXT, smile.subarray(0, 3), { fin: false }), frame(CONTINUATION, smile.subarray(3))],
    [echo(smile.toString())],
  ],
  'a ping with 125 bytes': [[frame(PING, 'p'.repeat(125))], ['p'.repeat(125)]],
  'pings in order': [
    [frame(PING, '1'), frame(PING, '2'), frame(PING, '3')],
    ['1', '2', '3'],
  ],
  'a pong that nobody asked for': [[frame(PONG, 'x'), frame(TEXT, 'a')], [echo('a')]],
  'a binary frame': [[frame(BINARY, 'a')], [echo('a')]],
}

for (const [name, [sent, wanted]] of Object.entries(ACCEPTED)) {
  await t.test(`${name} is accepted`, async (t) => {
    for (const pieces of arrivals(sent)) {
      const frames = await exchange(pieces, wanted.length)
      t.ok(
        JSON.stringify(frames.map(({ payload }) => payload.toString())) === JSON.stringify(wanted),
        frames.map(({ payload }) => payload.toString().slice(0, 40)).join(),
      )
    }
  })
}

const half = frame(TEXT, 'a', { fin: false })
const REFUSED: Readonly<Record<string, readonly [readonly Buffer[], number]>> = {
  'a frame without a mask': [[frame(TEXT, 'a', { masked: false })], 1002],
  'the first reserved bit': [[frame(TEXT, 'a', { reserved: 4 })], 1002],
  'the second reserved bit': [[frame(TEXT, 'a', { reserved: 2 })], 1002],
  'the third reserved bit': [[frame(TEXT, 'a', { reserved: 1 })], 1002],
  'a reserved bit on a control frame': [[frame(PING, 'a', { reserved: 4 })], 1002],
  ...Object.fromEntries(
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [
      `the reserved opcode ${opcode}`,
      [[frame(opcode, 'a')], 1002] as const,
    ]),
  ),
  'a continuation of nothing': [[frame(CONTINUATION, 'a')], 1002],
  'a new message inside of another': [[half, frame(TEXT, 'b')], 1002],
  'a control frame in fragments': [[frame(PING, 'a', { fin: false })], 1002],
  'a ping with 126 bytes': [[frame(PING, 'p'.repeat(126))], 1002],
  'a close with 126 bytes': [[frame(CLOSE, closePayload(1000, 'x'.repeat(124)))], 1002],
  'a close with one byte': [[frame(CLOSE, 'x')], 1002],
  ...Object.fromEntries(
    [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code) => [
      `the close code ${code}`,
      [[frame(CLOSE, closePayload(code))], 1002] as const,
    ]),
  ),
  'a close reason that is not UTF-8': [
    [frame(CLOSE, closePayload(1000, Buffer.from([0xff])))],
    1007,
  ],
  'text that is not UTF-8': [[frame(TEXT, Buffer.from([0xc0, 0xaf]))], 1007],
  'a surrogate in UTF-8': [[frame(TEXT, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
  'a code point that is too large': [[frame(TEXT, Buffer.from([0xf4, 0x90, 0x80, 0x80]))], 1007],
  'a character that is cut off': [[frame(TEXT, smile.subarray(0, 3))], 1007],
  'fragments that are not UTF-8 together': [
    [frame(TEXT, Buffer.from([0xce]), { fin: false }), frame(CONTINUATION, 'a')],
    1007,
  ],
  'a message over the limit': [[frame(TEXT, 'x'.repeat(70_001))], 1009],
  'fragments over the limit': [
    [frame(TEXT, 'x'.repeat(60_000), { fin: false }), frame(CONTINUATION, 'x'.repeat(10_001))],
    1009,
  ],
  'a length over the limit, before its bytes': [
    [frame(TEXT, 'x'.repeat(80_000)).subarray(0, 14)],
    1009,
  ],
  'a length beyond all numbers': [
    [Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    1009,
  ],
}

for (const [name, [sent, code]] of Object.entries(REFUSED)) {
  await t.test(`${name} closes with ${code}`, async (t) => {
    for (const pieces of arrivals(sent)) {
      const frames = await exchange(pieces, 1)
      const last = frames.at(-1)
      t.equal(last?.opcode, CLOSE)
      t.equal(last?.payload.readUInt16BE(0), code)
      t.notOk(
        frames.some(({ opcode }) => opcode === TEXT || opcode === BINARY),
        'and is not processed',
      )
    }
  })
}

const CLOSED: Readonly<Record<string, readonly [Buffer, number | null]>> = {
  'a close without a code': [frame(CLOSE, ''), null],
  ...Object.fromEntries(
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999].map(
      (code) => [`a close with ${code}`, [frame(CLOSE, closePayload(code, 'bye')), code] as const],
    ),
  ),
}

for (const [name, [sent, code]] of Object.entries(CLOSED)) {
  await t.test(`${name} is answered in kind, once, and nothing after it`, async (t) => {
    const peer = await openPeer(server.port)
    peer.socket.write(Buffer.concat([sent, frame(TEXT, 'late'), frame(PING, 'late')]))
    await peer.ended
    const frames = peer.frames()
    t.equal(frames.length, 1)
    t.equal(frames[0]?.opcode, CLOSE)
    if (code !== null) t.equal(frames[0]?.payload.readUInt16BE(0), code)
  })
}

await t.test('nothing of all this is left', async (t) => {
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  t.equal(server.hub.connectionCount(), 0)
})
