import t from 'tap'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'
import { createClientRegistry } from '../../src/realtime/client-registry.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'

await t.test('survey handlers close, push, drop, count and forget in this process', async (t) => {
  const handles = createSessionHandles()
  const ended: unknown[] = []
  handles.attach('session-1', { end: (session) => ended.push(session) })
  handles.attach('session-1', { end: (session) => ended.push(session) })
  const observers = createAuthObservers()
  const told: unknown[] = []
  observers.watchUser('user-1', (change) => told.push(change))
  const pushed: string[][] = []
  const dropped: unknown[][] = []
  const hub = {
    deliver: (...message: string[]) => {
      pushed.push(message)
      return { written: 4, queued: 1, dropped: 2 }
    },
    drop: (...target: unknown[]) => dropped.push(target),
  }
  const forgotten: unknown[] = []
  let isSure = true
  const written: unknown[] = []
  const noteWrite = (userIds: unknown): void => void written.push(userIds)
  const burned: string[] = []
  const keys = { drop: (keyIds: readonly string[]) => burned.push(...keyIds) }
  const handlers = createSurveyHandlers(
    surveyDeps({
      ...{ handles, observers, hub, noteWrite, keys },
      isSure: () => isSure,
      sessionStore: { forget: (sessionIds) => forgotten.push(['sessions', sessionIds]) },
      userDirectory: { forget: (userIds) => forgotten.push(['users', userIds]) },
    }),
  )

  t.strictSame(handlers.count_connections({ sessionIds: ['session-1', 'session-2'] }), {
    bySession: { 'session-1': 2 },
  })
  t.strictSame(handlers.push({ userId: 'user-1', event: 'news', message: 'hello' }), {
    delivered: 4,
    queued: 1,
    dropped: 2,
  })
  isSure = false
  t.strictSame(
    handlers.push({ userId: 'user-1', event: 'news', message: 'in doubt' }),
    { delivered: 0 },
    'nothing for what may have outlived its session',
  )
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
  t.strictSame(forgotten.splice(0), [['sessions', ['session-1']]])
  t.strictSame(told, [{ type: 'sessions_changed', userId: 'user-1' }])
  const change = { type: 'profile_changed', userId: 'user-1' } as const
  t.strictSame(handlers.auth_changed({ change }), { told: 1 })
  t.strictSame(told[1], change)
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 0 })
  t.strictSame(handlers.count_connections({ sessionIds: ['session-1'] }), { bySession: {} })
  forgotten.length = 0
  t.strictSame(handlers.users_changed({ userIds: ['user-1'] }), {})
  t.strictSame(handlers.users_changed({ userIds: null }), {})
  t.strictSame(forgotten, [
    ['users', ['user-1']],
    ['users', null],
  ])
  t.strictSame(written, [['user-1'], null])

  t.strictSame(handlers.keys_burned({ keyIds: ['key-1', 'key-2'] }), { dropped: 2 })
  t.strictSame(burned, ['key-1', 'key-2'])
})

await t.test('survey handlers tell the readers of the log that a session ended', async (t) => {
  let nudges = 0
  const handlers = createSurveyHandlers(surveyDeps({ revocations: { nudge: () => (nudges += 1) } }))
  const sessions = [{ id: 's', userId: 'u', reason: 'logged_out' }] as const
  t.strictSame(handlers.sessions_ended({ sessions }), { connectionsClosed: 0 })
  t.equal(nudges, 1)
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
