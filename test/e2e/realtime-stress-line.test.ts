/**
 * Two socket processes on one Redis, real sockets, chance from a seed (`STRESS_SEED`): exact counts and order, storms
 * of clients that come back, publications that race, and clients that misbehave. Invariants, never thresholds of time.
 */
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { skipUnless } from '../helpers/server/service-binary.js'
import { createRandom, SEED } from '../helpers/stress/random.js'
import type { StressClient } from '../helpers/stress/stress-client.js'
import {
  allThere,
  assertComplete,
  assertNothingLeft,
  openStressHouse,
  PATIENCE_MS,
  Publisher,
  type StressHouse,
  type StressNode,
} from '../helpers/stress/stress-house.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000
/** A third of it is for the answer, also on a busy machine. */
const PING_SECONDS = 6
const SILENT_CHANNEL = 'kept:silent'
/** Small, so that little has to be published before a client is behind by more. */
const QUEUE_BYTES_MAX = 262_144
const FRAME_BYTES_MAX = 65_536
const MESSAGES_PER_SECOND_MAX = 50

t.setTimeout(FILE_TIMEOUT_MS)

/** Many channels, both processes, publications side by side, and clients that are cut one by one. */
async function keepOrder(t: Test, { nodes, join, random }: StressHouse) {
  const channels = ['kept:a', 'kept:b', 'crowd:c']
  const clients = await join(40, channels)
  const publishers = channels.map((channel) => new Publisher(nodes, channel))
  const published = Promise.all(publishers.map((publisher) => publisher.publish(150)))
  const cutSome = async (): Promise<void> => {
    for (let cuts = 0; cuts < 60; cuts += 1) {
      await waitFor('the next cut', () => publishers.some(({ count }) => count > cuts * 2))
      clients[Math.floor(random() * clients.length)]?.cut()
    }
  }
  await Promise.all([published, cutSome()])
  await allThere(clients)
  for (const [index, channel] of channels.entries()) {
    const publisher = publishers[index]
    if (publisher) await assertComplete(t, clients, { channel, publisher })
  }
  t.ok(
    clients.some((client) => client.on('kept:a').recovered > 0),
    'some came back',
  )
  for (const client of clients) client.stop()
}

/** All wires are cut at once, again and again, while publications go on. */
async function storm(t: Test, { nodes, join }: StressHouse) {
  const channel = 'kept:storm'
  const clients = await join(120, [channel])
  const publisher = new Publisher(nodes, channel)
  publisher.start()
  for (let round = 0; round < 5; round += 1) {
    const before = publisher.count
    await waitFor('publications', () => publisher.count >= before + 20, PATIENCE_MS)
    await Promise.all(nodes.map(({ proxy }) => proxy.cut()))
    await waitFor('more of them', () => publisher.count >= before + 40, PATIENCE_MS)
    await Promise.all(nodes.map(({ proxy }) => proxy.restore()))
    await allThere(clients)
  }
  await publisher.stop()
  await assertComplete(t, clients, { channel, publisher })
  for (const client of clients) {
    const { recovered, lost } = client.on(channel)
    if (recovered < 5 || lost > 0) t.fail(`recovered ${recovered}, lost ${lost}`)
    client.stop()
  }
}

/** One key at both processes at once is one publication, and everybody is told the same place of it. */
async function race(t: Test, { nodes, join }: StressHouse) {
  const channel = 'kept:race'
  const [client] = await join(1, [channel])
  const keys = 20
  const atOnce = 10
  const answers = await Promise.all(
    Array.from({ length: keys * atOnce }, async (_, index) => {
      const key = `key ${index % keys}`
      const node = nodes[Math.floor(index / keys) % 2 === 0 ? 0 : 1]
      return { key, ...(await node.publish(channel, key, key)) }
    }),
  )
  const places = new Set(answers.map(({ key, offset, epoch }) => `${key} ${offset} ${epoch}`))
  t.equal(places.size, keys, 'every answer about a key says the same offset and epoch')
  t.equal(answers.filter(({ duplicate }) => duplicate !== true).length, keys)
  const following = client?.on(channel)
  await waitFor('all of them', () => following?.offset === keys)
  t.strictSame(
    following?.heard.map(({ data }) => String(data)).sort(),
    [...new Set(answers.map(({ key }) => key))].sort(),
  )
  t.strictSame(client?.faults(), [])
  client?.stop()
}

interface Malformed {
  readonly name: string
  readonly send: (socket: WebSocket) => void
  readonly code: number
  readonly reason: string
  /** False: instead of the first command. */
  readonly isConnected?: boolean
}

/** What a client has written, below the library that would not write it. */
function writeBytes(socket: WebSocket, bytes: Buffer): void {
  ;(socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(bytes)
}

function frame(head: number, payload: Buffer, isMasked = true): Buffer {
  const start = Buffer.from([head, (isMasked ? 0x80 : 0) | payload.length])
  return Buffer.concat([start, Buffer.alloc(isMasked ? 4 : 0), payload])
}

const BAD_REQUEST = { code: 3501, reason: 'bad request' }
const text = (payload: string) => (socket: WebSocket) => socket.send(payload)
const bytes = (sent: Buffer) => (socket: WebSocket) => writeBytes(socket, sent)

const MALFORMED: readonly Malformed[] = [
  { name: 'cut JSON', send: text('{"id":3,'), ...BAD_REQUEST },
  { name: 'a list', send: text('[{"id":3,"ping":{}}]'), ...BAD_REQUEST },
  { name: 'null', send: text('null'), ...BAD_REQUEST },
  { name: 'no method', send: text('{"id":3}'), ...BAD_REQUEST },
  { name: 'an unknown method', send: text('{"id":3,"fly":{}}'), ...BAD_REQUEST },
  { name: 'two methods', send: text('{"id":3,"ping":{},"rpc":{}}'), ...BAD_REQUEST },
  { name: 'a negative id', send: text('{"id":-3,"ping":{}}'), ...BAD_REQUEST },
  { name: 'an id that is no number', send: text('{"id":"3","ping":{}}'), ...BAD_REQUEST },
  { name: 'no id', send: text('{"ping":{}}'), ...BAD_REQUEST },
  { name: 'a zero byte', send: text('\u0000'), ...BAD_REQUEST },
  { name: 'a second connect', send: text('{"id":3,"connect":{}}'), ...BAD_REQUEST },
  { name: 'a good line and a bad one', send: text('{"id":3,"ping":{}}\n{'), ...BAD_REQUEST },
  {
    name: 'too many commands',
    send: text('{"id":3,"ping":{}}\n'.repeat(1_025)),
    ...BAD_REQUEST,
  },
  { name: 'a binary frame', send: (socket) => socket.send(randomBytes(9)), ...BAD_REQUEST },
  {
    name: 'a command before connect',
    send: text('{"id":1,"subscribe":{"channel":"kept:bad"}}'),
    ...{ isConnected: false, ...BAD_REQUEST },
  },
  {
    name: 'a token of another house',
    send: text('{"id":1,"connect":{"token":"a.b.c"}}'),
    ...{ isConnected: false, code: 3500, reason: 'invalid token' },
  },
  {
    name: 'too large',
    send: text(`{"id":3,"ping":${' '.repeat(FRAME_BYTES_MAX)}{}}`),
    ...{ code: 1009, reason: '' },
  },
  {
    name: 'too many messages',
    send: (socket) => {
      for (let id = 3; id < 3 + 2 * MESSAGES_PER_SECOND_MAX; id += 1) {
        socket.send(`{"id":${id},"ping":{}}`)
      }
    },
    ...{ code: 4429, reason: 'rate_limited' },
  },
  { name: 'not UTF-8', send: bytes(frame(0x81, Buffer.from([0xff]))), code: 1007, reason: '' },
  {
    name: 'no mask',
    send: bytes(frame(0x81, Buffer.from('{"id":3,"ping":{}}'), false)),
    ...{ code: 1002, reason: '' },
  },
  { name: 'a reserved bit', send: bytes(frame(0xc1, Buffer.from('{}'))), code: 1002, reason: '' },
  {
    name: 'a reserved opcode',
    send: bytes(frame(0x83, Buffer.from('{}'))),
    code: 1002,
    reason: '',
  },
  {
    name: 'a rest of nothing',
    send: bytes(frame(0x80, Buffer.from('{}'))),
    code: 1002,
    reason: '',
  },
  { name: 'a ping in parts', send: bytes(frame(0x09, Buffer.from('x'))), code: 1002, reason: '' },
]

/** Opens a connection, misbehaves, and tells how the server ended it. */
async function misbehave(
  node: StressNode,
  token: string,
  { send, isConnected = true }: Malformed,
): Promise<{ readonly code: number; readonly reason: string }> {
  const socket = new WebSocket(`ws://${node.address()}/connection/websocket`)
  socket.on('error', () => undefined) // The 'close' that follows says the same.
  if (isConnected) {
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, connect: { token } })))
    socket.once('message', () => send(socket))
  } else socket.on('open', () => send(socket))
  return new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
}

/** Each ends its own connection with its code, in the middle of traffic that goes on as if nothing was. */
async function malform(t: Test, { nodes, join, token }: StressHouse) {
  const channel = 'kept:malformed'
  const random = createRandom(SEED + 1)
  const good = await join(10, [channel])
  const publisher = new Publisher(nodes, channel)
  publisher.start(1)
  for (const node of nodes) {
    const cases = [...MALFORMED].sort(() => random() - 0.5)
    await Promise.all(
      cases.map(async (malformed) => {
        const { code, reason } = malformed
        t.strictSame(await misbehave(node, token, malformed), { code, reason }, malformed.name)
      }),
    )
  }
  await publisher.stop()
  await assertComplete(t, good, { channel, publisher })
  t.ok(
    good.every((client) => client.ends.length === 0),
    'nobody else was disturbed',
  )
  for (const client of good) client.stop()
}

/** A client that does not read is closed, comes back when it reads again, and has everything. */
async function beSlow(t: Test, { nodes, join }: StressHouse) {
  const channel = 'kept:slow'
  const [node] = nodes
  const clients = await join(6, [channel], { node })
  const [slow] = clients as [StressClient, ...StressClient[]]
  const closes = (): Promise<number> => node.metric('socket_closes_total{code="3008"}')
  const before = await closes()
  const filler = 'x'.repeat(60_000)
  slow.pause()
  const places: number[] = []
  // What the two kernels take is not known; the server says when its own queue is full.
  while ((await node.metric('socket_slow_consumers_total')) === 0) {
    const answers = await Promise.all(nodes.map((one) => one.publish(channel, filler)))
    places.push(...answers.map(({ offset }) => offset))
  }
  // What it misses is more than its queue may ever hold.
  const missed = Math.ceil((2 * QUEUE_BYTES_MAX) / filler.length)
  const answers = Array.from({ length: missed }, () => node.publish(channel, filler))
  places.push(...(await Promise.all(answers)).map(({ offset }) => offset))
  slow.resume()
  await waitFor('the close', async () => (await closes()) > before)
  const top = Math.max(...places)
  await waitFor('everybody to have all', () =>
    clients.every((client) => client.on(channel).offset === top),
  )
  t.match(slow.ends, [{ code: 3008, reason: 'slow' }])
  for (const client of clients) {
    t.strictSame(client.faults(), [])
    t.equal(client.on(channel).lost, 0)
    t.equal(client.on(channel).heard.length, top)
    t.equal(client.ends.length, client === slow ? 1 : 0, 'only the slow one was closed')
    client.stop()
  }
}

/** Clients that answer no ping are closed for it, those that do are not, and both have everything in the end. */
async function beSilent(t: Test, { nodes }: StressHouse, clients: readonly StressClient[]) {
  const silent = clients.filter(({ isSilent }) => isSilent)
  await waitFor('their end', () => silent.every(({ ends }) => ends.length > 0), PATIENCE_MS)
  for (const { ends } of silent) t.strictSame(ends[0], { code: 3012, reason: 'no pong' })
  for (const client of silent) client.isSilent = false
  const publisher = new Publisher(nodes, SILENT_CHANNEL)
  await publisher.publish(10)
  await assertComplete(t, clients, { channel: SILENT_CHANNEL, publisher })
  const others = clients.filter((client) => !silent.includes(client))
  t.ok(
    others.every(({ ends }) => ends.length === 0),
    'who answers stays',
  )
  for (const client of clients) client.stop()
}

await t.test('on two processes and one Redis', { skip: skipUnless('redis') }, async (t) => {
  const house = await openStressHouse(t, {
    APP_SOCKET_CLIENT_PING_SECONDS: String(PING_SECONDS),
    APP_SOCKET_QUEUE_BYTES_MAX: String(QUEUE_BYTES_MAX),
    APP_SOCKET_FRAME_BYTES_MAX: String(FRAME_BYTES_MAX),
    APP_SOCKET_MESSAGES_PER_SECOND_MAX: String(MESSAGES_PER_SECOND_MAX),
  })
  const baselines = await Promise.all(house.nodes.map((node) => node.probe()))
  await t.test('exact counts and order through cuts', (t) => keepOrder(t, house))
  await t.test('storms of clients that come back', (t) => storm(t, house))
  // They are waited for last, since nothing but time closes them.
  const quiet = await house.join(8, [SILENT_CHANNEL])
  for (const client of quiet.slice(0, 4)) client.isSilent = true
  await t.test('racing publishes with one key are one', (t) => race(t, house))
  await t.test('malformed frames have their exact code', (t) => malform(t, house))
  await t.test('a slow client comes back and recovers', (t) => beSlow(t, house))
  await t.test('a silent client is closed', (t) => beSilent(t, house, quiet))
  await t.test('nothing of them is left', async (t) => {
    for (const [index, node] of house.nodes.entries()) {
      const baseline = baselines[index]
      if (baseline) await assertNothingLeft(t, node, baseline)
    }
  })
})
