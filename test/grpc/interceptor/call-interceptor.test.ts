import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js'
import t from 'tap'
import { unauthenticated } from '../../../src/errors/app-error.js'
import type { Admission } from '../../../src/grpc/admission.js'
import { callRecordOf } from '../../../src/grpc/call-record.js'
import {
  createCallInterceptor,
  type FinishedCall,
} from '../../../src/grpc/interceptor/call-interceptor.js'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { createStreamGate } from '../../../src/grpc/stream-gate.js'
import { loadProtos } from '../../../src/grpc/proto.js'
import { waitFor } from '../../helpers/wait-for.js'
import { callRaw, connect, failureOf, SAY_HELLO, trailer } from '../harness.js'

const REQUEST = Buffer.from([8, 1])

/** A bare server behind the interceptor. */
async function serve(
  t: { teardown(fn: () => unknown): void },
  handler: handleUnaryCall<unknown, unknown>,
  admit: Admission = () => ANYBODY,
  streamsMax = 10,
) {
  const finished: FinishedCall[] = []
  const server = new Server({
    interceptors: [
      createCallInterceptor({
        admit,
        streams: createStreamGate({ streamsMax }),
        observe: (call) => finished.push(call),
      }),
    ],
  })
  server.addService(loadProtos().hello, { SayHello: handler })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error)
      else resolve(bound)
    })
  })
  t.teardown(() => {
    server.forceShutdown()
  })
  return { finished, client: connect(t, `127.0.0.1:${port}`) }
}

await t.test('call interceptor reports a call once and hands its record on', async (t) => {
  const ids: string[] = []
  const { finished, client } = await serve(t, (call, callback) => {
    ids.push(callRecordOf(call.metadata).requestId)
    callback(null, { id: 1, name: 'n' })
  })
  await callRaw(client, SAY_HELLO, REQUEST)
  // The second call has to wait for the first, and so for everything the first might report twice.
  await callRaw(client, SAY_HELLO, REQUEST)
  t.equal(finished.length, 2)
  t.match(finished[0], { path: SAY_HELLO, status: 0, received: true, peer: /^127\.0\.0\.1:\d+$/ })
  t.ok((finished[0]?.latencyMs ?? -1) >= 0)
  t.strictSame(
    finished.map((call) => call.record.requestId),
    ids,
  )
})

await t.test('call interceptor refuses by the metadata before the handler is asked', async (t) => {
  let called = false
  const refusal = unauthenticated('api_key_invalid', 'No.')
  const { finished, client } = await serve(
    t,
    () => {
      called = true
    },
    () => refusal,
  )
  const error = await failureOf(callRaw(client, SAY_HELLO, REQUEST))
  t.match(error, { code: 16, details: 'No.' })
  t.equal(trailer(error, 'reason'), 'api_key_invalid')
  t.equal(trailer(error, 'request-id'), finished[0]?.record.requestId)
  t.match(finished, [{ status: 16, received: false, record: { error: refusal } }])
  t.equal(called, false)
})

await t.test('call interceptor reports a call that the peer cancels', async (t) => {
  let arrived = false
  const { finished, client } = await serve(t, () => {
    arrived = true
  })
  const call = client.makeUnaryRequest(
    SAY_HELLO,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    REQUEST,
    () => undefined,
  )
  await waitFor('the handler has the call', () => arrived)
  call.cancel()
  await waitFor('the report', () => finished.length === 1)
  t.match(finished, [{ status: 1, received: true }])
})

await t.test('call interceptor reports a deadline that passed', async (t) => {
  const { finished, client } = await serve(t, () => undefined)
  await new Promise<void>((resolve) => {
    client.makeUnaryRequest(
      SAY_HELLO,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      REQUEST,
      { deadline: Date.now() + 200 },
      (error) => {
        t.equal(error?.code, 4)
        resolve()
      },
    )
  })
  await waitFor('the report', () => finished.length === 1)
  t.equal(finished[0]?.received, true)
  t.ok([1, 4].includes(finished[0]?.status ?? -1), 'whichever side was first')
})

await t.test('call interceptor waits for the door and hands on who calls', async (t) => {
  let caller: unknown
  const service = { kind: 'service', name: 'billing' } as const
  const { finished, client } = await serve(
    t,
    (call, callback) => {
      caller = callRecordOf(call.metadata).caller
      callback(null, { id: 1, name: 'n' })
    },
    async (path, _metadata, peer) => {
      t.equal(path, SAY_HELLO)
      t.match(peer, /^127\.0\.0\.1:\d+$/)
      await new Promise((resolve) => setImmediate(resolve))
      return service
    },
  )
  await callRaw(client, SAY_HELLO, REQUEST)
  t.equal(caller, service)
  t.match(finished, [{ status: 0, record: { caller: service } }])
})

await t.test('call interceptor forgets a call that left while the door was asked', async (t) => {
  const doors: (() => void)[] = []
  let called = false
  const { finished, client } = await serve(
    t,
    () => {
      called = true
    },
    () => new Promise((resolve) => doors.push(() => resolve(ANYBODY))),
  )
  const call = client.makeUnaryRequest(
    SAY_HELLO,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    REQUEST,
    () => undefined,
  )
  await waitFor('the door is asked', () => doors.length === 1)
  call.cancel()
  await waitFor('the report', () => finished.length === 1)
  for (const open of doors) open()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(called, false)
  t.match(finished, [{ status: 1 }])
})
