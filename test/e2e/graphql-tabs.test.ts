/** The promise over GraphQL, from the outside: three tabs of two browsers, two processes, every way to end a session. */
import t from 'tap'
import { runApp, startApp } from '../helpers/app-process.js'
import { ask, type Browser, openBrowser, openLine, signIn } from '../helpers/graphql-house.js'
import { call } from '../helpers/http-client.js'
import { waitFor } from '../helpers/wait-for.js'

const AUTH = 'subscription { auth { authorized method reason user { username displayName } } }'
const OWN = { 'sec-fetch-site': 'same-origin' }
const dataDir = t.testdir()
const here = await startApp(t, 'http', { dataDir })
const there = await startApp(t, 'http', { dataDir })
const url = `http://${here.address('http')}`
const otherUrl = `http://${there.address('http')}`
await signIn(url, 'alice')

interface Tab {
  readonly name: string
  readonly token: string
  readonly states: {
    authorized: boolean
    reason: string | null
    user: { displayName: string } | null
  }[]
  readonly isComplete: () => boolean
  readonly closed: () => { code: number; reason: string } | null
}

/** A tab that observes, at one process or the other. */
async function openTab(name: string, browser: Browser, at: string): Promise<Tab> {
  const token = await browser.openTab()
  const line = openLine(t, at, { cookie: browser.cookie, init: { 'Session-ID': token } })
  await waitFor(`tab ${name}`, () => line.isAcknowledged())
  const { values, isComplete } = line.follow(AUTH)
  await waitFor(`the first state of ${name}`, () => values.length === 1)
  const tab = {
    ...{ name, token, isComplete, closed: line.closed },
    get states() {
      return values.map(({ auth }) => auth) as Tab['states']
    },
  }
  return tab
}

/** Two tabs of one browser, one of them at the other process, and one tab of another browser. */
async function openTabs() {
  const [one, two] = [await openBrowser(url), await openBrowser(url)]
  const a1 = await openTab('a1', one, url)
  const a2 = await openTab('a2', one, otherUrl)
  const b1 = await openTab('b1', two, otherUrl)
  t.ok([a1, a2, b1].every(({ states }) => states[0]?.authorized === false))
  return { one, two, a1, a2, b1 }
}

const ENDINGS: Record<
  string,
  (session: { accessToken: string; sessionId: string }) => Promise<unknown>
> = {
  'REST, by the user': ({ accessToken, sessionId }) =>
    call('DELETE', `${otherUrl}/sessions/${sessionId}`, { token: accessToken }),
  'REST logout': ({ accessToken }) => call('POST', `${url}/auth/logout`, { token: accessToken }),
  'GraphQL, at the other process': ({ accessToken, sessionId }) =>
    ask(otherUrl, 'mutation($id: ID!) { endSession(id: $id) { ended } }', {
      token: accessToken,
      variables: { id: sessionId },
    }),
  'the command line': ({ sessionId }) => runApp(['session', 'end', sessionId], { dataDir }),
}

for (const [name, end] of Object.entries(ENDINGS)) {
  await t.test(`sign in with cookies, then end by ${name}: the right tabs hear`, async (t) => {
    const { one, a1, a2, b1 } = await openTabs()
    const session = await signIn(url, 'alice', {
      ...{ isNew: false, useCookies: true },
      headers: { ...OWN, cookie: one.cookie, 'session-id': a1.token },
    })
    await waitFor(
      'both tabs of the browser',
      () => a1.states.length === 2 && a2.states.length === 2,
    )
    for (const tab of [a1, a2]) {
      t.match(tab.states[1], { authorized: true, method: 'password', user: { username: 'alice' } })
    }
    await end(session)
    await waitFor('their ends', () => a1.closed() && a2.closed())
    for (const tab of [a1, a2]) {
      t.match(tab.states.at(-1), { authorized: false, user: null })
      t.match(tab.states.at(-1)?.reason, /^(ended_by_user|logged_out|ended_by_admin)$/)
      t.ok(tab.isComplete())
      t.equal(tab.closed()?.code, 4401)
      t.equal(tab.closed()?.reason, tab.states.at(-1)?.reason)
    }
    t.equal(b1.states.length, 1, 'the other browser heard nothing')
    t.equal(b1.closed(), null)
  })
}

await t.test('with tokens of their own, two tabs of one browser are two users', async (t) => {
  const { one, a1, a2, b1 } = await openTabs()
  const headers = (tab: Tab) => ({ cookie: one.cookie, 'session-id': tab.token })
  const alice = await signIn(url, 'alice', { isNew: false, headers: headers(a1) })
  await waitFor('the tab that asked', () => a1.states.length === 2)
  const bob = await signIn(otherUrl, 'bob', { headers: headers(a2) })
  await waitFor('the other tab', () => a2.states.length === 2)
  t.match(a1.states, [{ authorized: false }, { user: { username: 'alice' } }])
  t.match(a2.states, [{ authorized: false }, { user: { username: 'bob' } }])
  const who = async (token: string, tab: Tab) =>
    (await ask(url, '{ auth { user { username } } }', { token, headers: headers(tab) })).data
  t.match(await who(alice.accessToken, a1), { auth: { user: { username: 'alice' } } })
  t.match(await who(bob.accessToken, a2), { auth: { user: { username: 'bob' } } })
  await ask(url, 'mutation { updateProfile(displayName: "Robert") { id } }', {
    token: bob.accessToken,
  })
  await waitFor('the new name', () => a2.states.length === 3)
  t.equal(a2.states[2]?.user?.displayName, 'Robert')
  t.equal(a1.states.length, 2)
  await call('POST', `${otherUrl}/auth/logout`, { token: bob.accessToken })
  await waitFor('the end of one', () => a2.closed())
  t.equal(a1.closed(), null, 'the other is still signed in')
  t.equal(b1.states.length, 1)
})

await t.test('a duplicated tab keeps both alive until the old one goes', async (t) => {
  const { one, a1 } = await openTabs()
  const copies = [1, 2].map(() => {
    const line = openLine(t, url, { cookie: one.cookie, init: { 'Session-ID': a1.token } })
    return { line, feed: line.follow(AUTH) }
  })
  await waitFor('both', () => copies.every(({ feed }) => feed.values.length === 1))
  copies[0]?.line.client.terminate()
  const session = await signIn(url, 'alice', {
    ...{ isNew: false, headers: { cookie: one.cookie, 'session-id': a1.token } },
  })
  await waitFor('the rest', () => copies[1]?.feed.values.length === 2 && a1.states.length === 2)
  t.equal(copies[0]?.feed.values.length, 1)
  await call('POST', `${url}/auth/logout`, { token: session.accessToken })
})

await t.test('a process that is killed takes only its own tabs along', async (t) => {
  const { one, a1, a2 } = await openTabs()
  await there.stop('SIGKILL')
  await waitFor('the end of its tab', () => a2.closed())
  const session = await signIn(url, 'alice', {
    ...{ isNew: false, useCookies: true },
    headers: { ...OWN, cookie: one.cookie, 'session-id': a1.token },
  })
  await waitFor('the tab that is left', () => a1.states.length === 2)
  await call('POST', `${url}/auth/logout`, { token: session.accessToken })
  await waitFor('its end', () => a1.closed())
  t.equal(a1.closed()?.reason, 'logged_out')
})
