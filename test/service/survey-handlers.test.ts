import t from 'tap'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'

await t.test('survey handlers close, push and count in this process', async (t) => {
  const handles = createSessionHandles()
  const ended: unknown[] = []
  handles.attach('session-1', { end: (session) => ended.push(session) })
  handles.attach('session-1', { end: (session) => ended.push(session) })
  const observers = createAuthObservers()
  const told: unknown[] = []
  observers.watchUser('user-1', (change) => told.push(change))
  const pushed: string[][] = []
  const hub = {
    push: (...message: string[]) => {
      pushed.push(message)
      return 4
    },
  }
  const handlers = createSurveyHandlers({ handles, observers, hub })

  t.strictSame(handlers.count_connections({ sessionIds: ['session-1', 'session-2'] }), {
    bySession: { 'session-1': 2 },
  })
  t.strictSame(handlers.push({ userId: 'user-1', event: 'news', message: 'hello' }), {
    delivered: 4,
  })
  t.strictSame(pushed, [['user-1', 'news', 'hello']])
  const session = { id: 'session-1', userId: 'user-1', reason: 'logged_out' } as const
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 2 })
  t.strictSame(ended, [session, session])
  t.strictSame(told, [{ type: 'sessions_changed', userId: 'user-1' }])
  const change = { type: 'profile_changed', userId: 'user-1' } as const
  t.strictSame(handlers.auth_changed({ change }), { told: 1 })
  t.strictSame(told[1], change)
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 0 })
  t.strictSame(handlers.count_connections({ sessionIds: ['session-1'] }), { bySession: {} })
})
