import t from 'tap'
import type { OperationContext } from '../../../../src/http/graphql/operation-context.js'
import { createSubscriptionResolvers } from '../../../../src/http/graphql/resolver/subscription-resolvers.js'
import type { Principal } from '../../../../src/domain/session.js'
import { createAuthObservers } from '../../../../src/realtime/auth-observers.js'
import { createSessionHandles } from '../../../../src/realtime/session-handles.js'
import { openTabView } from '../../../../src/realtime/tab-view.js'
import {
  ALICE,
  createFakeAccounts,
  createFakeSessions,
  SESSION,
} from '../../../helpers/http-fakes.js'

const PRINCIPAL: Principal = {
  ...{ userId: ALICE.id, role: 'user', sessionId: 'session-1', clientId: 'client-1' },
  tokenExpiresAt: 0,
  session: SESSION,
}

function open() {
  const observers = createAuthObservers()
  const handles = createSessionHandles()
  const view = openTabView(
    { observers, handles },
    { clientId: 'client-1', tabId: 'tab-1', principal: PRINCIPAL, followsBrowser: true },
  )
  const context = {
    view,
    tab: { id: 'tab-1', clientId: 'client-1', needsToken: false },
    caller: () => ({ principal: view.principal(), failure: null }),
  } as unknown as OperationContext
  const feeds = createSubscriptionResolvers({
    accounts: createFakeAccounts(),
    sessions: createFakeSessions(),
  })
  type Feed = (
    root: unknown,
    args: object,
    context: OperationContext,
  ) => AsyncIterableIterator<Record<string, unknown>>
  const subscribe = (name: string, at = context) => (feeds[name] as unknown as Feed)(null, {}, at)
  return { observers, handles, view, subscribe, context }
}

await t.test('each feed begins with the state of now and ends with the session', async (t) => {
  const { handles, subscribe } = open()
  const all = ['auth', 'user', 'sessions'].map((name) => ({ name, feed: subscribe(name) }))
  const first = await Promise.all(all.map(async ({ feed }) => (await feed.next()).value as object))
  t.match(first, [
    { auth: { authorized: true, user: ALICE } },
    { user: { username: 'alice' } },
    { sessions: [{ id: 'session-1' }] },
  ])
  handles.end([{ id: 'session-1', userId: ALICE.id, reason: 'idle_timeout' }])
  const last = await Promise.all(all.map(async ({ feed }) => (await feed.next()).value as object))
  t.match(last, [
    { auth: { authorized: false, reason: 'idle_timeout' } },
    { user: null },
    { sessions: null },
  ])
  for (const { name, feed } of all) t.equal((await feed.next()).done, true, name)
})

await t.test('each wakes for its own changes only, and loads anew', async (t) => {
  const { observers, subscribe, context } = open()
  const user = subscribe('user')
  const sessions = subscribe('sessions')
  await user.next()
  await sessions.next()
  const loaders = context.loaders
  observers.tell({ type: 'profile_changed', userId: ALICE.id })
  t.match((await user.next()).value, { user: { username: 'alice' } })
  t.not(context.loaders, loaders)
  const waiting = sessions.next()
  observers.tell({ type: 'sessions_changed', userId: ALICE.id })
  t.match((await waiting).value, { sessions: [{}] })
})

await t.test('without a line there is nothing to subscribe on', async (t) => {
  const { subscribe, context } = open()
  t.throws(() => subscribe('auth', { ...context, view: null }), {
    code: 'FAILED_PRECONDITION',
    reason: 'subscription_not_supported',
  })
})
