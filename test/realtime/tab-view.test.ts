import t from 'tap'
import type { Principal } from '../../src/domain/session.js'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { openTabView, type TabChange, type TabIdentity } from '../../src/realtime/tab-view.js'
import { sampleSession } from '../contract/sample-session.js'

const ADA: Principal = {
  userId: 'ada',
  role: 'user',
  sessionId: 's1',
  clientId: 'laptop',
  tokenExpiresAt: 1000,
  session: sampleSession(),
}

function open(identity: Partial<TabIdentity> = {}) {
  const observers = createAuthObservers()
  const handles = createSessionHandles()
  const view = openTabView(
    { observers, handles },
    { clientId: 'laptop', tabId: 'tab-1', principal: null, followsBrowser: true, ...identity },
  )
  const heard: TabChange[] = []
  view.onChange((change) => heard.push(change))
  const signIn = (sessionId: string, userId: string, tabId: string | null, clientId = 'laptop') =>
    observers.tell({ type: 'signed_in', clientId, tabId, userId, sessionId })
  return { observers, handles, view, heard, signIn }
}

await t.test(
  'a tab of the browser goes with a sign-in by cookies, without any right',
  async (t) => {
    const { view, heard, signIn, handles } = open()
    signIn('s9', 'eve', null, 'phone')
    t.equal(view.seen(), null, 'another browser')
    signIn('s1', 'ada', null)
    t.strictSame(view.seen(), { sessionId: 's1', userId: 'ada' })
    t.equal(view.principal(), null)
    t.equal(handles.count('s1'), 1)
    t.strictSame(heard, ['identity'])
    signIn('s1', 'ada', null)
    t.strictSame(heard.slice(0, 1), ['identity'], 'again is no change of identity')
    t.equal(heard.filter((change) => change === 'identity').length, 1)
  },
)

await t.test('a tab with a token of its own stays who it is', async (t) => {
  const { view, heard, signIn } = open({ principal: ADA, followsBrowser: false })
  signIn('s2', 'bob', null)
  t.strictSame(view.seen(), { sessionId: 's1', userId: 'ada' })
  t.equal(view.principal(), ADA)
  t.strictSame(heard, [])
})

await t.test("a sign-in of one tab is that tab's alone, and it follows nobody then", async (t) => {
  const one = open()
  one.signIn('s2', 'bob', 'tab-2')
  t.equal(one.view.seen(), null, 'another tab signed in')
  one.signIn('s3', 'cid', 'tab-1')
  t.equal(one.view.seen()?.userId, 'cid')
  one.signIn('s4', 'dan', null)
  t.equal(one.view.seen()?.userId, 'cid')
})

await t.test('another session takes the right of the first token away', async (t) => {
  const { view, handles, signIn } = open({ principal: ADA })
  t.equal(view.principal(), ADA)
  signIn('s2', 'bob', null)
  t.equal(view.principal(), null)
  t.strictSame([handles.count('s1'), handles.count('s2')], [0, 1])
})

await t.test('the end of its session is the end of the view', async (t) => {
  const { view, heard, handles, observers, signIn } = open({ principal: ADA })
  t.equal(handles.end([{ id: 's1', userId: 'ada', reason: 'ended_by_admin' }]), 1)
  t.strictSame([view.isOver(), view.endReason(), view.principal()], [true, 'ended_by_admin', null])
  t.strictSame(heard, ['ended'])
  signIn('s2', 'bob', null)
  observers.tell({ type: 'profile_changed', userId: 'ada' })
  t.strictSame(heard, ['ended'], 'and nothing comes after it')
  t.equal(view.renew(ADA), false)
})

await t.test('it hears of the account and of the list of sessions', async (t) => {
  const { heard, observers } = open({ principal: ADA })
  observers.tell({ type: 'profile_changed', userId: 'ada' })
  observers.tell({ type: 'sessions_changed', userId: 'ada' })
  observers.tell({ type: 'profile_changed', userId: 'bob' })
  observers.tell({
    ...{ type: 'signed_in', clientId: 'phone', tabId: null },
    userId: 'ada',
    sessionId: 's7',
  })
  t.strictSame(heard, ['profile', 'sessions', 'sessions'])
})

await t.test('renew takes a token of the same session only', async (t) => {
  const { view, heard, signIn } = open({ principal: ADA })
  const fresh = { ...ADA, tokenExpiresAt: 2000 }
  t.equal(view.renew(fresh), true)
  t.equal(view.principal(), fresh)
  t.strictSame(heard, [])
  t.equal(view.renew({ ...ADA, sessionId: 's2' }), false)
  signIn('s2', 'bob', null)
  t.equal(view.renew({ ...ADA, sessionId: 's2', userId: 'bob' }), true, 'proved after it was told')
  t.strictSame(heard, ['identity', 'identity'])
})

await t.test('closing leaves nothing, once or twice', async (t) => {
  const { view, observers, handles, heard } = open({ principal: ADA })
  const leave = view.onChange(() => {})
  leave()
  view.close()
  view.close()
  t.equal(observers.count(), 0)
  t.strictSame(handles.sessionIds(), [])
  observers.tell({ type: 'profile_changed', userId: 'ada' })
  t.strictSame(heard, [])
})
