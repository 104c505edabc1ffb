import t from 'tap'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'

await t.test('survey handlers close, push and count in this process', async (t) => {
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
  const dropped: string[] = []
  const keys = { drop: (keyIds: readonly string[]) => dropped.push(...keyIds) }
  const handlers = createSurveyHandlers({ handles, hub, keys })

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
  t.strictSame(handlers.sessions_ended({ sessions: [session] }), { connectionsClosed: 0 })
  t.strictSame(handlers.count_connections({ sessionIds: ['session-1'] }), { bySession: {} })
  t.strictSame(handlers.keys_burned({ keyIds: ['key-1', 'key-2'] }), { dropped: 2 })
  t.strictSame(dropped, ['key-1', 'key-2'])
})
