import { ServerResponse, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import { createHub } from '../../../src/realtime/hub.js'
import { createSocketMetrics } from '../../../src/socket/socket-metrics.js'
import { StreamLine } from '../../../src/socket/stream/stream-line.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'

function createLine() {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
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
  t.equal(line.sendPrepared(Buffer.from('d'), { channel: 'x', delivery: 'droppable' }), 'dropped')
  line.close(3503, 'go')
  line.close(3001, 'again')
  line.gone()
  line.receive('late')
  line.fail(new Error('late'))
  t.equal(line.send('late'), false)
  t.equal(line.sendPrepared(Buffer.from('e'), { channel: 'x', delivery: 'all' }), 'dropped')
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
