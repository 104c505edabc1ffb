import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import { createHub } from '../../../src/realtime/hub.js'
import { createSocketMetrics } from '../../../src/socket/socket-metrics.js'
import { StreamLine } from '../../../src/socket/stream/stream-line.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { waitFor } from '../../helpers/wait-for.js'

function createLine(response = new ServerResponse(new IncomingMessage(new Socket()))) {
  const logger = createMemoryLogger()
  const metrics = createSocketMetrics({
    hub: createHub({ connectionsMax: 1, registrationsPerConnectionMax: 1 }),
  })
  const line = new StreamLine({
    ...{ id: 'c1', response, deps: { metrics, logger } },
    format: { contentType: 'x', wrap: (message) => `<${message}>` },
    limits: { queueBytesMax: 100_000, messagesPerSecondMax: 100 },
  })
  const received: string[] = []
  let released = 0
  line.setOwner({
    receive: (data) => {
      if (data === 'wrong') throw new AppError('INVALID_ARGUMENT', 'frame_malformed', 'x')
      received.push(data)
    },
    release: () => (released += 1),
  })
  return { line, response, logger, received, released: () => released }
}

await t.test('a line carries messages until it is closed, and releases once', async (t) => {
  const { line, response, received, released } = createLine()
  t.ok(line.isOpen())
  const before = line.lastSeenAtMs
  line.receive('a')
  t.ok(line.lastSeenAtMs >= before)
  t.equal(line.send('b'), true)
  t.equal(line.sendPrepared(Buffer.from('c'), { channel: 'x', delivery: 'all' }), 'queued')
  line.close(3503, 'go')
  line.close(3001, 'again')
  line.gone()
  line.receive('late')
  line.fail(new Error('late'))
  t.equal(line.send('late'), false)
  for (const delivery of ['all', 'droppable', 'latest'] as const) {
    t.equal(line.sendPrepared(Buffer.from('e'), { channel: 'x', delivery }), 'dropped')
  }
  t.equal(line.closeCode, 3503)
  t.equal(released(), 1)
  t.strictSame(received, ['a'])
  t.ok(response.writableEnded)
})

await t.test('an answer may be larger than the queue, and only one', async (t) => {
  const { line } = createLine()
  const large = 'x'.repeat(150_000)
  t.equal(line.sendAnswer(large), true)
  t.equal(line.send('y'.repeat(50_000)), true, 'what follows has the queue to itself')
  t.equal(line.sendAnswer(large), false)
  t.equal(line.closeCode, 3008)
})

await t.test('what is published at once may be larger than the queue', async (t) => {
  const { line } = createLine()
  const large = Buffer.alloc(150_000)
  const options = { channel: 'x', delivery: 'all' } as const
  t.equal(line.sendPrepared(large, options), 'queued')
  t.equal(line.sendPrepared(large, options), 'dropped', 'it has not read the first')
  t.equal(line.closeCode, 3008)
})

await t.test('a failure closes with its code and is logged', async (t) => {
  const { line, logger, released } = createLine()
  line.receive('wrong')
  t.equal(line.closeCode, 3501)
  t.equal(released(), 1)
  t.match(logger.lines, [
    { level: 'info', fields: { reason: 'frame_malformed' }, message: 'stream connection failed' },
  ])
  const bug = createLine()
  bug.line.fail(new Error('bug'))
  t.equal(bug.line.closeCode, 3004)
  t.match(bug.logger.lines, [{ level: 'error', fields: { err: { message: 'bug' } } }])
  const gone = createLine()
  gone.line.gone()
  t.equal(gone.line.closeCode, null)
  t.equal(gone.released(), 1)
})

/** A line to a peer that has read nothing of its answer yet. */
async function openSlowLine(t: Test) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const requested = once(server, 'request')
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => peer.destroy())
  peer.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const [, response] = (await requested) as [IncomingMessage, ServerResponse]
  response.writeHead(200)
  const created = createLine(response)
  let text = ''
  peer.on('data', (chunk: Buffer) => (text += chunk.toString().replaceAll('.', '')))
  peer.pause()
  const filler = Buffer.alloc(1 << 20, '.')
  while (response.writableLength <= filler.length) {
    response.write(filler)
    await turn()
  }
  return { ...created, peer, received: () => [...text.matchAll(/\[(.*?)\]/g)].map((one) => one[1]) }
}

await t.test('of a latest-only channel the newest waits for a slow client', async (t) => {
  const { line, peer, received } = await openSlowLine(t)
  const put = (channel: string, text: string) =>
    line.sendPrepared(Buffer.from(`[${text}]`), { channel, delivery: 'latest' })
  for (const [channel, text] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['b', 'b1'],
    ['a', 'a3'],
  ] as const) {
    t.equal(put(channel, text), 'queued')
  }
  peer.resume()
  await waitFor('the newest', () => received().length >= 2)
  t.strictSame(received(), ['a3', 'b1'])
  await waitFor('the line to be free', () => !line.isBehind())
  put('a', 'a4')
  await waitFor('what comes later', () => received().length >= 3)
  t.strictSame(received(), ['a3', 'b1', 'a4'])
})

await t.test('a message that may be dropped is, for a slow client only', async (t) => {
  const { line, released } = await openSlowLine(t)
  const droppable = { channel: 'a', delivery: 'droppable' } as const
  t.equal(line.sendPrepared(Buffer.from('x'), droppable), 'dropped')
  t.ok(line.isOpen(), 'it is no reason to close')
  t.equal(line.sendPrepared(Buffer.from('x'), { channel: 'b', delivery: 'latest' }), 'queued')
  line.close(3001, 'go')
  t.equal(released(), 1, 'also with something in waiting')
  const quick = createLine()
  t.equal(quick.line.sendPrepared(Buffer.from('x'), droppable), 'queued')
  t.equal(quick.line.sendPrepared(Buffer.from('y'), droppable), 'queued', 'a few at once are fine')
})
