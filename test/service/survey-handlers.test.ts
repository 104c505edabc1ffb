import t from 'tap'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'

await t.test('survey handlers close, push, count and forget in this process', async (t) => {
  const handles = createSessionHandles()
  const ended: unknown[] = []
  handles.attach('session-1', { end: (session) => ended.push(session) })
  handles.attach('session-1', { end: (session) => ended.push(session) })
  const pushed: string[][] = []
  const hub = {
    push: (...message: string[]) => {
      pushed.push(message)
      return 4
    },
  }
  const forgotten: unknown[] = []
  let isSure = true
  const handlers = createSurveyHandlers({
    ...{ handles, hub },
    isSure: () => isSure,
    sessionStore: { forget: (sessionIds) => forgotten.push(['sessions', sessionIds]) },
    userDirectory: { forget: (userIds) => forgotten.push(['users', userIds]) },
    noteWrite: (userIds) => forgotten.push(['replicas', userIds]),
  })

  t.strictSame(handlers.count_connections({ sessionIds: ['session-1', 'session-2'] }), {
    bySession: { 'session-1': 2 },
  })
  t.strictSame(handlers.push({ userId: 'user-1', event: 'news', message: 'hello' }), {
    delivered: 4,
  })
  isSure = false
  t.strictSame(
    handlers.push({ userId: 'user-1', event: 'news', message: 'in doubt' }),
    { delivered: 0 },
    'nothing for what may have outlived its session',
  )
  t.strictSame(pushed, [['user-1', 'news', 'hello']])
  const session = { id: 'session-1', userId: 'user-1', reason: 'logged_out' } as const
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 2 })
  t.strictSame(ended, [session, session])
  t.strictSame(forgotten.splice(0), [['sessions', ['session-1']]])
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 0 })
  t.strictSame(handlers.count_connections({ sessionIds: ['session-1'] }), { bySession: {} })
  forgotten.length = 0
  t.strictSame(handlers.users_changed({ userIds: ['user-1'] }), {})
  t.strictSame(handlers.users_changed({ userIds: null }), {})
  t.strictSame(forgotten, [
    ['replicas', ['user-1']],
    ['users', ['user-1']],
    ['replicas', null],
    ['users', null],
  ])
})
