import t from 'tap'
import type { ServerWritableStream } from '@grpc/grpc-js'
import { callRecordOf } from '../../../src/grpc/call-record.js'
import { loadProtos } from '../../../src/grpc/proto.js'
import { callRaw, SAY_HELLO } from '../harness.js'
import { serveGuarded } from './guarded-server.js'

await t.test('call interceptor answers unary calls and leaves streams to grpc-js', async (t) => {
  const { WatchRevocations } = loadProtos().session
  const ids: string[] = []
  const { finished, client } = await serveGuarded(t, {
    sayHello: (request, call) => {
      t.same(request, { id: 1 })
      ids.push(call.record.requestId)
      call.answer({ id: 1, name: 'n' })
    },
    streams: {
      WatchRevocations: (call: ServerWritableStream<object, object>) => {
        ids.push(callRecordOf(call.metadata).requestId)
        call.write({ position: 'p' })
        call.end()
      },
    },
  })
  const answer = await callRaw(client, SAY_HELLO, Buffer.from([8, 1]))
  t.same(loadProtos().hello.SayHello.responseDeserialize(answer), { id: 1, name: 'n' })
  const { path, requestSerialize, responseDeserialize } = WatchRevocations
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {})
  const seen: unknown[] = []
  for await (const message of stream as AsyncIterable<unknown>) seen.push(message)
  t.match(seen, [{ position: 'p' }])
  t.match(finished, [
    { path: SAY_HELLO, status: 0, received: true, record: { requestId: ids[0] } },
    { path, status: 0, received: true, record: { requestId: ids[1] } },
  ])
})
