import type { ServerWritableStream } from '@grpc/grpc-js'
import t from 'tap'
import { unauthenticated } from '../../../src/errors/app-error.js'
import { loadProtos } from '../../../src/grpc/proto.js'
import { waitFor } from '../../helpers/wait-for.js'
import { trailer } from '../harness.js'
import { serveGuarded } from './guarded-server.js'

const { path, requestSerialize, responseDeserialize } = loadProtos().session.WatchRevocations

type Watching = ServerWritableStream<object, object>

async function serveWatch(
  t: { teardown(fn: () => unknown): void },
  options: Parameters<typeof serveGuarded>[1] = {},
) {
  const calls: Watching[] = []
  const cancelled: Watching[] = []
  const served = await serveGuarded(t, {
    ...options,
    streams: {
      WatchRevocations: (call: Watching) => {
        calls.push(call)
        call.once('cancelled', () => cancelled.push(call))
        call.write({ position: 'p' })
      },
    },
  })
  const watch = () => {
    const stream = served.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      {},
    )
    const seen: unknown[] = []
    const end: { error?: Parameters<typeof trailer>[0] } = {}
    stream.on('data', (message) => seen.push(message))
    stream.on('error', (error) => {
      end.error = error as Parameters<typeof trailer>[0]
    })
    return { stream, seen, end }
  }
  return { ...served, calls, cancelled, watch }
}

await t.test('stream call is refused before its handler is asked', async (t) => {
  const refusal = unauthenticated('api_key_invalid', 'No.')
  const { finished, calls, watch } = await serveWatch(t, { admit: () => refusal })
  const { end } = watch()
  await waitFor('the refusal', () => end.error !== undefined)
  t.match(end.error, { code: 16, details: 'No.' })
  t.equal(end.error && trailer(end.error, 'reason'), 'api_key_invalid')
  t.equal(calls.length, 0)
  t.match(finished, [{ path, status: 16, received: false, record: { error: refusal } }])
})

await t.test('stream call takes a place and gives it back when the peer leaves', async (t) => {
  const { finished, cancelled, watch } = await serveWatch(t, { streamsMax: 1 })
  const first = watch()
  await waitFor('the first message', () => first.seen.length === 1)
  const second = watch()
  await waitFor('the refusal', () => second.end.error !== undefined)
  t.equal(second.end.error && trailer(second.end.error, 'reason'), 'too_many_streams')
  first.stream.cancel()
  await waitFor('the handler knows', () => cancelled.length === 1)
  t.match(finished, [
    { status: 8, received: false },
    { status: 1, received: true },
  ])
  const third = watch()
  await waitFor('the place is free', () => third.seen.length === 1)
  third.stream.cancel()
})

await t.test('stream call gives its place back when it ends by itself', async (t) => {
  const { finished, calls, watch } = await serveWatch(t, { streamsMax: 1 })
  for (const count of [1, 2, 3]) {
    const { seen } = watch()
    await waitFor('a message', () => seen.length === 1)
    calls.at(-1)?.end()
    await waitFor('the report', () => finished.length === count)
    t.match(finished.at(-1), { status: 0, received: true })
  }
})
