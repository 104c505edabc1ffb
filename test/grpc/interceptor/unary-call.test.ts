import { connect as connectHttp2 } from 'node:http2'
import t from 'tap'
import { AppError, INTERNAL_MESSAGE } from '../../../src/errors/app-error.js'
import { waitFor } from '../../helpers/wait-for.js'
import { callRaw, failureOf, SAY_HELLO, trailer } from '../harness.js'
import { serveGuarded } from './guarded-server.js'

const REQUEST = Buffer.from([8, 1])
const FRAME = Buffer.concat([Buffer.from([0, 0, 0, 0, REQUEST.length]), REQUEST])

/** The status of one call with this body. */
function statusOf(port: number, body: Buffer): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    session.on('error', reject)
    const headers = { ':method': 'POST', ':path': SAY_HELLO, 'content-type': 'application/grpc' }
    const stream = session.request({ ...headers, te: 'trailers' })
    stream.on('error', reject)
    stream.on('response', (head) => {
      if ('grpc-status' in head) resolve(head)
      session.close()
    })
    stream.on('trailers', resolve)
    stream.resume()
    stream.end(body)
  })
}

await t.test('unary call sends the answer and then the status', async (t) => {
  const { client, finished } = await serveGuarded(t, {
    sayHello: (_request, call) => {
      call.answer({ id: 7, name: 'seven' })
    },
  })
  const bytes = await callRaw(client, SAY_HELLO, REQUEST)
  t.match(bytes.toString(), 'seven')
  t.match(finished, [{ status: 0, received: true, record: { error: null } }])
})

await t.test('unary call wants exactly one message', async (t) => {
  let asked = 0
  const { port, finished } = await serveGuarded(t, {
    sayHello: (_request, call) => {
      asked += 1
      call.answer({ id: 1, name: 'n' })
    },
  })
  t.match(await statusOf(port, Buffer.alloc(0)), { 'grpc-status': '12' })
  t.match(await statusOf(port, Buffer.concat([FRAME, FRAME])), { 'grpc-status': '12' })
  t.equal(asked, 0)
  t.match(await statusOf(port, FRAME), { 'grpc-status': '0' })
  t.equal(asked, 1)
  t.match(finished, [
    { status: 12, received: false },
    { status: 12, received: true },
    { status: 0, received: true },
  ])
})

await t.test('unary call fails with the reason and the request id', async (t) => {
  const error = new AppError('NOT_FOUND', 'session_not_found', 'There is none.')
  const { client, finished } = await serveGuarded(t, {
    sayHello: (_request, call) => {
      call.fail(error)
    },
  })
  const failure = await failureOf(callRaw(client, SAY_HELLO, REQUEST))
  t.match(failure, { code: 5, details: 'There is none.' })
  t.equal(trailer(failure, 'reason'), 'session_not_found')
  t.equal(trailer(failure, 'request-id'), finished[0]?.record.requestId)
  t.match(finished, [{ status: 5, record: { error } }])
})

await t.test('unary call refuses to send too much, and what is no message', async (t) => {
  const answers: unknown[] = [
    { id: 1, name: 'n'.repeat(200) },
    {
      get name() {
        throw new Error('unreadable')
      },
    },
  ]
  const { client, finished } = await serveGuarded(t, {
    messageBytesMax: 100,
    sayHello: (_request, call) => {
      call.answer(answers.shift())
    },
  })
  const tooMuch = await failureOf(callRaw(client, SAY_HELLO, REQUEST))
  t.match(tooMuch, { code: 8, details: 'Sent message larger than max (205 vs. 100).' })
  t.equal(trailer(tooMuch, 'reason'), 'too_large')
  const unfit = await failureOf(callRaw(client, SAY_HELLO, REQUEST))
  t.match(unfit, { code: 13, details: INTERNAL_MESSAGE })
  t.equal(trailer(unfit, 'reason'), 'internal')
  t.match(finished, [{ status: 8 }, { status: 13 }])
})

await t.test('unary call tells its method that nobody waits, and drops the answer', async (t) => {
  let told = 0
  let answerLate: (() => void) | undefined
  const { client, finished } = await serveGuarded(t, {
    sayHello: (_request, call) => {
      call.onCancelled = () => {
        told += 1
        t.equal(call.cancelled, true)
      }
      answerLate = () => {
        call.answer({ id: 1, name: 'late' })
      }
    },
  })
  const codes: (number | undefined)[] = []
  const call = client.makeUnaryRequest(
    SAY_HELLO,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    REQUEST,
    (error) => codes.push(error?.code),
  )
  await waitFor('the method has the call', () => answerLate !== undefined)
  call.cancel()
  await waitFor('the method knows', () => told === 1)
  answerLate?.()
  await waitFor('the client knows', () => codes.length === 1)
  t.strictSame(codes, [1])
  t.match(finished, [{ status: 1, received: true }])
  t.equal(told, 1)
})
