import t from 'tap'
import { Batch, type ChannelEvent } from '../../../../src/realtime/batch.js'
import {
  connectJson,
  disconnectPush,
  errorReplyOf,
  EVENT_ENCODER,
  eventOf,
  historyJson,
  messagePush,
  presenceJson,
  replyOf,
  STREAM_ENCODER,
  subscribeJson,
  subscribePush,
  unsubscribePush,
  WEBSOCKET_ENCODER,
} from '../../../../src/socket/protocols/centrifuge/reply.js'
import { readFrames } from '../../frame-reader.js'

const info = { connectionId: 'c', userId: 'ann', connectionInfo: '{"a":1}', channelInfo: '[2]' }
const plain = { connectionId: 'd', userId: '', connectionInfo: null, channelInfo: null }
const seen = { client: 'c', user: 'ann', conn_info: { a: 1 }, chan_info: [2] }
const publication = { offset: 3, data: '{"x": 1}', info, tags: { k: 'v' } }
const parse = (text: string): unknown => JSON.parse(text)
const none = {
  position: null,
  isRecoverable: false,
  isPositioned: false,
  wasRecovering: false,
  recovered: false,
  publications: [],
  ttlSeconds: null,
}

await t.test('replies and pushes have the shapes of the protocol', async (t) => {
  t.strictSame(parse(replyOf(7, 'rpc', '{"data":1}')), { id: 7, rpc: { data: 1 } })
  const gone = { code: 102, message: 'a"b', temporary: false }
  t.strictSame(parse(errorReplyOf(7, gone)), { id: 7, error: { code: 102, message: 'a"b' } })
  t.match(parse(errorReplyOf(7, { ...gone, temporary: true })), { error: { temporary: true } })
  t.strictSame(parse(subscribeJson(none)), {})
  t.strictSame(parse(subscribeJson({ ...none, publications: [publication] })), {
    publications: [{ data: { x: 1 }, offset: 3, info: seen, tags: { k: 'v' } }],
  })
  const full = {
    position: { offset: 2, epoch: 'e' },
    ...{ isRecoverable: true, isPositioned: true, wasRecovering: true, recovered: true },
    publications: [publication, { offset: 0, data: '"y"', info: plain, tags: null }],
    ttlSeconds: 9,
  }
  t.strictSame(parse(subscribeJson(full)), {
    ...{ expires: true, ttl: 9, recoverable: true, positioned: true },
    ...{ was_recovering: true, recovered: true, epoch: 'e', offset: 2 },
    publications: [
      { data: { x: 1 }, offset: 3, info: seen, tags: { k: 'v' } },
      { data: 'y', info: { client: 'd', user: '' } },
    ],
  })
  const connect = {
    ...{ clientId: 'c', version: 'v', ttlSeconds: null, pingSeconds: 25, emulation: null },
    subscriptions: new Map(),
  }
  t.strictSame(parse(connectJson(connect)), { client: 'c', version: 'v', ping: 25, pong: true })
  t.strictSame(
    parse(
      connectJson({
        ...connect,
        ttlSeconds: 5,
        emulation: { session: 's', processId: 'p' },
        subscriptions: new Map([['user:"a', none]]),
      }),
    ),
    {
      ...{ client: 'c', version: 'v', expires: true, ttl: 5, ping: 25, pong: true },
      ...{ session: 's', node: 'p', subs: { 'user:"a': {} } },
    },
  )
  t.strictSame(parse(historyJson([publication], { offset: 3, epoch: 'e' })), {
    publications: [{ data: { x: 1 }, offset: 3, info: seen, tags: { k: 'v' } }],
    epoch: 'e',
    offset: 3,
  })
  t.strictSame(parse(presenceJson([info])), { presence: { c: seen } })
  t.strictSame(parse(subscribePush('a:b', none)), { push: { channel: 'a:b', subscribe: {} } })
  const gone2 = { code: 2000, reason: 'r' }
  t.strictSame(parse(unsubscribePush('a:b', gone2)), {
    push: { channel: 'a:b', unsubscribe: gone2 },
  })
  t.strictSame(parse(messagePush({ a: 1 })), { push: { message: { data: { a: 1 } } } })
  t.strictSame(parse(disconnectPush(gone2)), { push: { disconnect: gone2 } })
})

function batchOf(...events: ChannelEvent[]): Batch {
  return new Batch('a:b', events, 'all')
}
const pushed = (data: string): ChannelEvent => ({
  kind: 'publication',
  publication: { offset: 1, data, info: null, tags: null },
})

async function messagesOf(batch: Batch): Promise<string[]> {
  const messages = await readFrames(batch.bytesFor(WEBSOCKET_ENCODER))
  return messages.map(({ data }) => data.toString())
}

await t.test('a batch is one message, or few when it is large', async (t) => {
  const small = batchOf(pushed('1'), { kind: 'join', info: plain }, { kind: 'leave', info: plain })
  const [message = '', ...more] = await messagesOf(small)
  t.strictSame(more, [])
  const about = { info: { user: '', client: 'd' } }
  t.strictSame(message.split('\n').map(parse), [
    { push: { channel: 'a:b', pub: { data: 1, offset: 1 } } },
    { push: { channel: 'a:b', join: about } },
    { push: { channel: 'a:b', leave: about } },
  ])
  const big = JSON.stringify('x'.repeat(40_000))
  t.equal((await messagesOf(batchOf(pushed(big), pushed(big), pushed('1')))).length, 2)
})

await t.test('streams get lines and events', async (t) => {
  const batch = batchOf(pushed('1'), pushed('2'))
  const lines = Buffer.from(batch.bytesFor(STREAM_ENCODER)).toString().split('\n')
  t.equal(lines.length, 3)
  t.equal(lines[2], '')
  const events = Buffer.from(batch.bytesFor(EVENT_ENCODER)).toString()
  t.equal(events, `data: ${lines[0]}\ndata: ${lines[1]}\n\n`)
  t.equal(eventOf('{}'), 'data: {}\n\n')
})
