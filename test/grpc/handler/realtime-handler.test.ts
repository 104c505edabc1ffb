import t from 'tap'
import { AppError, INTERNAL_MESSAGE } from '../../../src/errors/app-error.js'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { createRealtimeHandlers } from '../../../src/grpc/handler/realtime-handler.js'
import { loadProtos } from '../../../src/grpc/proto.js'
import type { RealtimeService } from '../../../src/service/realtime-service.js'
import { createFakeRealtimeService } from '../../helpers/fake-realtime-service.js'
import { API_KEY, callRaw, connect, startServer } from '../harness.js'

const context = { requestId: 'r', caller: ANYBODY, signal: new AbortController().signal }
const handlersOf = (given: Partial<RealtimeService>) =>
  createRealtimeHandlers({ realtime: createFakeRealtimeService(given) })
const PLAIN = {
  data: '{"a":1}',
  skipHistory: false,
  idempotencyKey: '',
  tags: {},
  receipt: 0 as const,
}
const UNKNOWN_RECEIPT = JSON.parse('9') as 2
const PROCESSES = { asked: 3, answered: 2, missing: ['p-3'] }
const wrong = (path: string) => ({ code: 'INVALID_ARGUMENT', details: [{ path }] })

await t.test('Publish hands on what was given, and what became of it', async (t) => {
  const asked: unknown[] = []
  const { publish } = handlersOf({
    publish: async (request) => {
      asked.push(request)
      const receipt = { processes: PROCESSES, written: 5, queued: 1, dropped: 2 }
      return {
        position: { offset: 7, epoch: 'e' },
        duplicate: true,
        ...(request.receipt ? { receipt } : {}),
      }
    },
  })
  const answer = { position: { offset: 7, epoch: 'e' }, duplicate: true }
  t.strictSame(await publish({ ...PLAIN, channel: 'news:a' }, context), answer)
  const full = { skipHistory: true, idempotencyKey: 'k', tags: { t: '1' }, receipt: 2 as const }
  t.strictSame(await publish({ ...PLAIN, ...full, channel: 'news:a' }, context), {
    ...answer,
    receipt: { processes: PROCESSES, written: 5, queued: 1, dropped: 2 },
  })
  t.strictSame(asked, [
    { channel: 'news:a', data: '{"a":1}', skipHistory: false },
    { channel: 'news:a', data: '{"a":1}', ...full, receipt: 'written' },
  ])
})

await t.test('Publish and Broadcast refuse what cannot be published', async (t) => {
  const { publish, broadcast } = handlersOf({})
  const one = { ...PLAIN, channel: 'c' }
  await t.rejects(async () => publish({ ...one, data: '{' }, context), wrong('data'))
  await t.rejects(async () => publish({ ...one, data: '' }, context), wrong('data'))
  await t.rejects(
    async () => publish({ ...one, receipt: UNKNOWN_RECEIPT }, context),
    wrong('receipt'),
  )
  for (const channels of [[], Array.from({ length: 1_001 }, (_, index) => `c${index}`)]) {
    await t.rejects(async () => broadcast({ ...PLAIN, channels }, context), wrong('channels'))
  }
})

await t.test('Broadcast answers for each channel, and tells nothing of a fault', async (t) => {
  const { broadcast } = handlersOf({
    broadcast: async ({ channels }) => {
      t.strictSame(channels, ['a', 'b', 'c'])
      return [
        { position: null, duplicate: false },
        new AppError('NOT_FOUND', 'namespace_unknown', 'No namespace b.'),
        new Error('select password from users'),
      ]
    },
  })
  t.strictSame(await broadcast({ ...PLAIN, channels: ['a', 'b', 'c'] }, context), {
    outcomes: [
      { published: { position: null, duplicate: false } },
      {
        failure: { code: 'NOT_FOUND', reason: 'namespace_unknown', message: 'No namespace b.' },
      },
      { failure: { code: 'INTERNAL', reason: 'internal', message: INTERNAL_MESSAGE } },
    ],
  })
})

const INFO = { connectionId: 'c', userId: 'u', connectionInfo: null, channelInfo: '{}' }
const INFO_MESSAGE = { connectionId: 'c', userId: 'u', connectionInfo: '', channelInfo: '{}' }

await t.test('Presence and History show what the service has', async (t) => {
  const asked: unknown[] = []
  const { presence, history } = handlersOf({
    presence: async () => [INFO],
    history: async (request) => {
      asked.push(request)
      const plain = { offset: 1, data: '1', info: null, tags: null }
      const full = { offset: 2, data: '2', info: INFO, tags: { a: 'b' } }
      return { publications: [plain, full], position: { offset: 2, epoch: 'e' } }
    },
  })
  t.strictSame(await presence({ channel: 'a' }, context), { clients: [INFO_MESSAGE] })
  const request = { channel: 'a', since: null, limit: 10, reverse: true }
  t.strictSame(await history(request, context), {
    publications: [
      { offset: 1, data: '1' },
      { offset: 2, data: '2', info: INFO_MESSAGE, tags: { a: 'b' } },
    ],
    position: { offset: 2, epoch: 'e' },
  })
  t.strictSame(asked, [request])
  await t.rejects(async () => history({ ...request, limit: 1_001 }, context), wrong('limit'))
})

await t.test('Disconnect closes the connections that were meant', async (t) => {
  const asked: unknown[] = []
  const { disconnect } = handlersOf({
    disconnect: async (...request) => {
      asked.push(request)
      return { connections: 4, processes: PROCESSES }
    },
  })
  const all = { userId: 'u', connectionId: '', sessionId: '', code: 0, reason: '' }
  t.strictSame(await disconnect(all, context), { connections: 4, processes: PROCESSES })
  await disconnect({ ...all, connectionId: 'c', sessionId: 's', code: 4_000 }, context)
  await disconnect({ ...all, code: 4_001, reason: 'why' }, context)
  t.strictSame(asked, [
    [{ userId: 'u' }, undefined],
    [
      { userId: 'u', connectionId: 'c', sessionId: 's' },
      { code: 4_000, reason: 'disconnected' },
    ],
    [{ userId: 'u' }, { code: 4_001, reason: 'why' }],
  ])
  for (const [change, path] of [
    [{ userId: '' }, 'user_id'],
    [{ code: 2_999 }, 'code'],
    [{ code: 5_000 }, 'code'],
    [{ reason: 'why' }, 'code'],
    [{ code: 4_000, reason: 'é'.repeat(62) }, 'reason'],
  ] as const) {
    await t.rejects(async () => disconnect({ ...all, ...change }, context), wrong(path))
  }
})

await t.test('live messages are served over the wire where there is a service', async (t) => {
  const { Publish } = loadProtos().realtime
  const request = Publish.requestSerialize({ channel: 'a', data: '1', tags: { x: 'y' } })
  const key = [['x-api-key', API_KEY] as const]
  const without = await startServer(t)
  const absent = callRaw(connect(t, without.address), Publish.path, request, key)
  await t.rejects(absent, { code: 12 })
  const realtime = createFakeRealtimeService({
    publish: async ({ tags }) => {
      t.strictSame(tags, { x: 'y' })
      return { position: { offset: 1, epoch: 'e' }, duplicate: false }
    },
  })
  const { address } = await startServer(t, { realtime })
  const answer = await callRaw(connect(t, address), Publish.path, request, key)
  t.match(Publish.responseDeserialize(answer), { position: { offset: 1, epoch: 'e' } })
})
