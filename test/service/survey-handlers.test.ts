import t from 'tap'
import { createClientRegistry } from '../../src/realtime/client-registry.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { surveyDeps } from '../helpers/survey-handlers.js'

await t.test('survey handlers close, push, drop and count in this process', async (t) => {
  const handles = createSessionHandles()
  const ended: unknown[] = []
  handles.attach('session-1', { end: (session) => ended.push(session) })
  handles.attach('session-1', { end: (session) => ended.push(session) })
  const pushed: string[][] = []
  const dropped: unknown[][] = []
  const hub = {
    deliver: (...message: string[]) => {
      pushed.push(message)
      return { written: 4, queued: 1, dropped: 2 }
    },
    drop: (...target: unknown[]) => dropped.push(target),
  }
  const handlers = createSurveyHandlers(surveyDeps({ handles, hub }))

  t.strictSame(handlers.count_connections({ sessionIds: ['session-1', 'session-2'] }), {
    bySession: { 'session-1': 2 },
  })
  t.strictSame(handlers.push({ userId: 'user-1', event: 'news', message: 'hello' }), {
    delivered: 4,
    queued: 1,
    dropped: 2,
  })
  t.strictSame(pushed, [['user-1', 'news', 'hello']])
  t.strictSame(handlers.drop({ userId: 'user-1' }), { connections: 1 })
  t.strictSame(handlers.drop({ userId: 'user-1', event: 'news' }), { connections: 2 })
  t.strictSame(dropped, [
    [{ userId: 'user-1' }, 1000, 'dropped'],
    [{ userId: 'user-1', event: 'news' }, 1000, 'dropped'],
  ])
  const session = { id: 'session-1', userId: 'user-1', reason: 'logged_out' } as const
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 2 })
  t.strictSame(ended, [session, session])
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 0 })
  t.strictSame(handlers.count_connections({ sessionIds: ['session-1'] }), { bySession: {} })
})

await t.test('orders reach the connections that they are for', async (t) => {
  const clients = createClientRegistry()
  const done: string[] = []
  for (const id of ['c1', 'c2']) {
    clients.add({
      ...{ id, userId: 'ann', sessionId: `session of ${id}` },
      subscribe: (channel) => done.push(`${id} +${channel}`),
      unsubscribe: (channel) => {
        done.push(`${id} -${channel}`)
        return id === 'c1'
      },
      disconnect: (code, reason) => done.push(`${id} ${code} ${reason}`),
    })
  }
  const handlers = createSurveyHandlers(surveyDeps({ clients }))
  const ann = { userId: 'ann' }
  t.strictSame(handlers.clients({ ...ann, action: 'subscribe', channel: 'a:b' }), {
    connections: 2,
  })
  t.strictSame(handlers.clients({ ...ann, action: 'unsubscribe', channel: 'a:b' }), {
    connections: 1,
  })
  const disconnect = { action: 'disconnect', code: 3503, reason: 'go' } as const
  t.strictSame(handlers.clients({ ...ann, connectionId: 'c2', ...disconnect }), { connections: 1 })
  t.strictSame(handlers.clients({ userId: 'bob', ...disconnect }), { connections: 0 })
  t.strictSame(done, ['c1 +a:b', 'c2 +a:b', 'c1 -a:b', 'c2 -a:b', 'c2 3503 go'])
})

await t.test('a receipt is known, awaited, or of no concern here', async (t) => {
  const deps = surveyDeps({
    channels: {
      isOpen: (channel) => channel === 'open:a',
      channelCount: () => 3,
      subscriptionCount: () => 5,
    },
    emulation: { receive: (session) => session === 'mine' },
  })
  const handlers = createSurveyHandlers(deps)
  const counts = { written: 2, queued: 1, dropped: 1 }
  deps.receipts.record('r1', counts)
  const processId = 'process-1'
  t.strictSame(handlers.receipt({ receiptId: 'r1', channel: 'open:a' }), { processId, counts })
  t.strictSame(handlers.receipt({ receiptId: 'r2', channel: 'open:a' }), {
    processId,
    counts: null,
  })
  t.strictSame(handlers.receipt({ receiptId: 'r2', channel: 'other:a' }), {
    processId,
    counts: { written: 0, queued: 0, dropped: 0 },
  })
  t.match(handlers.process_info({}), {
    ...{ processId, connections: 0, users: 0, subscriptions: 5, channels: 3 },
    uptimeSeconds: 0,
  })
  const emulate = { processId, session: 'mine', data: '' }
  t.strictSame(handlers.emulate(emulate), { processId, isHandled: true })
  t.strictSame(handlers.emulate({ ...emulate, processId: 'x' }), { processId, isHandled: false })
  t.strictSame(handlers.emulate({ ...emulate, session: 'x' }), { processId, isHandled: false })
})
