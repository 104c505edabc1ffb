import t from 'tap'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { BARE_HANDLER_DEPS } from '../helpers/stub-survey-handlers.js'

await t.test('survey handlers close, push, count and forget in this process', async (t) => {
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
  const forgotten: unknown[] = []
  let isSure = true
  const written: unknown[] = []
  const noteWrite = (userIds: unknown): void => void written.push(userIds)
  const dropped: string[] = []
  const keys = { drop: (keyIds: readonly string[]) => dropped.push(...keyIds) }
  const handlers = createSurveyHandlers({
    ...{ handles, observers, hub, noteWrite, keys },
    isSure: () => isSure,
    sessionStore: { forget: (sessionIds) => forgotten.push(['sessions', sessionIds]) },
    userDirectory: { forget: (userIds) => forgotten.push(['users', userIds]) },
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
  t.strictSame(dropped, ['key-1', 'key-2'])
})

await t.test('survey handlers tell the readers of the log that a session ended', async (t) => {
  let nudges = 0
  const handlers = createSurveyHandlers({
    ...BARE_HANDLER_DEPS,
    handles: createSessionHandles(),
    revocations: { nudge: () => (nudges += 1) },
  })
  const sessions = [{ id: 's', userId: 'u', reason: 'logged_out' }] as const
  t.strictSame(handlers.sessions_ended({ sessions }), { connectionsClosed: 0 })
  t.equal(nudges, 1)
})
