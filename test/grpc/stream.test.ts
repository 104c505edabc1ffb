import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import { createRevocationFeed } from '../../src/service/revocation-feed.js'
import type { GrpcServerDeps, GrpcServerOptions } from '../../src/grpc/create-grpc-server.js'
import type { WatchRevocationsResponse__Output } from '../../src/grpc/generated/gatehouse/v1/WatchRevocationsResponse.js'
import { loadProtos, loadReflectionProtos } from '../../src/grpc/proto.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createMemoryRevocationLog } from '../helpers/memory-revocation-log.js'
import { waitFor } from '../helpers/wait-for.js'
import { API_KEY, GOOD_TOKEN, metadataOf, type Metadatum, startServer, trailer } from './harness.js'

const { WatchRevocations } = loadProtos().session
const KEY: readonly Metadatum[] = [['x-api-key', API_KEY]]
const ADMIN: readonly Metadatum[] = [['authorization', `Bearer ${GOOD_TOKEN}`]]
const NOW = 1_800_000_000_000

async function serve(
  t: Test,
  deps: Partial<GrpcServerDeps> = {},
  options: Partial<GrpcServerOptions> = {},
) {
  const revocationLog = createMemoryRevocationLog()
  const sessionHandles = createSessionHandles()
  const revocations = createRevocationFeed(
    { revocationLog, clock: { now: () => NOW } },
    { accessTokenSeconds: 600, pollIntervalMs: 1_000_000, heartbeatIntervalMs: 1_000_000 },
  )
  const house = await startServer(t, { revocations, sessionHandles, ...deps }, options)
  return { ...house, revocationLog, revocations, sessionHandles }
}

/** A stream and what has come of it. */
function watch(t: Test, address: string, entries: readonly Metadatum[], resumeAfter = '') {
  const client = new Client(address, credentials.createInsecure())
  t.teardown(() => client.close())
  const stream = client.makeServerStreamRequest(
    WatchRevocations.path,
    WatchRevocations.requestSerialize,
    WatchRevocations.responseDeserialize,
    { resumeAfter },
    metadataOf(entries),
  )
  const messages: WatchRevocationsResponse__Output[] = []
  stream.on('data', (message: WatchRevocationsResponse__Output) => messages.push(message))
  const ended = new Promise<ServiceError>((resolve) => stream.once('error', resolve))
  return { stream, messages, ended }
}

await t.test('a stream hands messages on as they come, until the peer leaves', async (t) => {
  const { address, revocationLog, revocations, logger } = await serve(t)
  const { stream, messages, ended } = watch(t, address, KEY)
  await waitFor('the beginning', () => messages.length === 2)
  await revocationLog.append([{ id: 's', userId: 'u', reason: 'logged_out' }], NOW)
  revocations.nudge()
  await waitFor('the end of a session', () => messages.length === 3)
  t.match(messages, [
    { started: { snapshot: true, rememberSeconds: 600, heartbeatIntervalMs: 1_000_000 } },
    { caughtUp: {} },
    { revocations: { revocations: [{ sessionId: 's', userId: 'u', reason: 'logged_out' }] } },
  ])
  stream.cancel()
  t.match(await ended, { code: 1 })
  await waitFor('the log line', () => logger.lines.length === 1)
  t.match(logger.lines, [{ fields: { status: 'CANCELLED', caller: 'service:api-key' } }])
})

await t.test('a stream fails with the error of its handler', async (t) => {
  const { address } = await serve(t)
  const error = await watch(t, address, KEY, 'ff.7.x').ended
  t.match(error, { code: 9 })
  t.equal(trailer(error, 'reason'), 'position_expired')
  t.match(trailer(error, 'request-id'), /^[0-9a-f-]{36}$/)
})

await t.test('a stream ends at once with the session of its user', async (t) => {
  const { address, sessionHandles } = await serve(t)
  const { messages, ended } = watch(t, address, ADMIN)
  await waitFor('the beginning', () => messages.length === 2)
  const over = { id: 'session-1', userId: 'user-1', reason: 'ended_by_admin' } as const
  t.equal(sessionHandles.end([over]), 1)
  const error = await ended
  t.match(error, { code: 16 })
  t.equal(trailer(error, 'reason'), 'ended_by_admin')
  await waitFor('nothing is held', () => sessionHandles.sessionIds().length === 0)
})

await t.test('streams are told to move when the server closes', async (t) => {
  const { server, address, logger } = await serve(t, {}, { reflection: true })
  const [one, two] = [watch(t, address, KEY), watch(t, address, ADMIN)]
  await waitFor('both have begun', () => one.messages.length + two.messages.length === 4)
  const { path, requestSerialize, responseDeserialize } =
    loadReflectionProtos().v1.ServerReflectionInfo
  const client = new Client(address, credentials.createInsecure())
  t.teardown(() => client.close())
  const asking = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  const asked = new Promise<ServiceError>((resolve) => asking.once('error', resolve))
  const answered = new Promise((resolve) => asking.once('data', resolve))
  asking.write({ listServices: '' })
  await answered
  await server.close(20_000)
  for (const ended of [one.ended, two.ended, asked]) {
    const error = await ended
    t.match(error, { code: 14 })
    t.equal(trailer(error, 'reason'), 'shutting_down')
  }
  t.notOk(logger.lines.some(({ message }) => message.includes('cut off')))
})

await t.test('who does not take the messages is cut and can resume', async (t) => {
  const { address, revocationLog } = await serve(
    t,
    {},
    { lagTimeoutMs: 100, messageBytesMax: 1 << 22 },
  )
  const filler = 'x'.repeat(200)
  const all = Array.from({ length: 20_000 }, (_, index) => `${index}-${filler}`)
  await revocationLog.append(
    all.map((id) => ({ id, userId: 'u', reason: 'logged_out' })),
    NOW,
  )
  const { stream, messages, ended } = watch(t, address, KEY)
  stream.pause()
  // Nobody reads for longer than the server waits; it stops reading the log then.
  let [reads, quietPolls] = [0, 0]
  await waitFor('the server gives up', () => {
    quietPolls = reads > 1 && reads === revocationLog.reads() ? quietPolls + 1 : 0
    reads = revocationLog.reads()
    return quietPolls > 60
  })
  stream.resume()
  const error = await ended
  t.match(error, { code: 10 })
  t.equal(trailer(error, 'reason'), 'consumer_lagging')
  const idsOf = (list: readonly WatchRevocationsResponse__Output[]) =>
    list.flatMap((message) => message.revocations?.revocations ?? []).map((one) => one.sessionId)
  const before = idsOf(messages)
  t.ok(before.length < all.length, `${before.length} were sent`)
  const rest = watch(t, address, KEY, messages.at(-1)?.position)
  await waitFor('the rest', () => rest.messages.some(({ caughtUp }) => caughtUp))
  t.strictSame([...before, ...idsOf(rest.messages)], all)
})

await t.test('a peer may have so many streams and no more', async (t) => {
  const { address } = await serve(t, {}, { streamsPerPeerMax: 2 })
  const [one, two] = [watch(t, address, KEY), watch(t, address, KEY)]
  await waitFor('both have begun', () => one.messages.length + two.messages.length === 4)
  const error = await watch(t, address, KEY).ended
  t.match(error, { code: 8 })
  t.equal(trailer(error, 'reason'), 'too_many_streams')
  one.stream.cancel()
  await one.ended
  const again = await waitFor('a place', async () => {
    const next = watch(t, address, KEY)
    const failed = await Promise.race([
      next.ended,
      waitFor('the beginning', () => next.messages.length === 2).then(() => null),
    ])
    return failed ? null : next
  })
  t.equal(again.messages.length, 2)
})

await t.test('a stream of garbage is refused', async (t) => {
  const { address } = await serve(t)
  const client = new Client(address, credentials.createInsecure())
  t.teardown(() => client.close())
  const stream = client.makeServerStreamRequest(
    WatchRevocations.path,
    (bytes: Buffer) => bytes,
    WatchRevocations.responseDeserialize,
    Buffer.from([0xff, 0xff, 0xff]),
    metadataOf(KEY),
  )
  stream.resume()
  const error = await new Promise<ServiceError>((resolve) => stream.once('error', resolve))
  t.match(error, { code: 3 })
  t.equal(trailer(error, 'reason'), 'message_malformed')
})
