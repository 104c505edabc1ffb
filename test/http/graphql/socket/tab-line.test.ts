import t from 'tap'
import {
  ask,
  openBrowser,
  openGraphqlHouse,
  openLine,
  signIn,
  type OpenLine,
} from '../../../helpers/graphql-house.js'
import { call } from '../../../helpers/http-client.js'
import { waitFor } from '../../../helpers/wait-for.js'

const house = await openGraphqlHouse(t, { 'graphql.operationsPerConnectionMax': 3 })
const { url, core } = house
const AUTH = 'subscription { auth { sessionId authorized method reason user { username email } } }'

async function acknowledged(line: OpenLine): Promise<OpenLine> {
  await waitFor('the acknowledgement', () => line.isAcknowledged() || line.closed())
  return line
}

async function endOf(line: OpenLine): Promise<string> {
  await waitFor('the end of the line', () => line.closed())
  return `${line.closed()?.code} ${line.closed()?.reason}`
}

await t.test('the payload of init decides: tab, browser, token', async (t) => {
  const [mine, other] = [await openBrowser(url), await openBrowser(url)]
  const tab = await mine.openTab()
  const { accessToken, sessionId } = await signIn(url, 'init')
  const refuse = async (init: Record<string, unknown>, cookie = mine.cookie) =>
    endOf(openLine(t, url, { init, cookie }))
  t.equal(await refuse({}, ''), '4401 client_missing')
  t.equal(await refuse({}, '_cid=forged'), '4401 client_missing')
  t.equal(await refuse({ 'Session-ID': tab }, other.cookie), '4403 tab_foreign')
  t.equal(await refuse({ 'Session-ID': `${tab.slice(0, -4)}AAAA` }), '4401 token_signature_invalid')
  t.equal(await refuse({ 'Session-ID': accessToken }), '4401 token_claims_invalid')
  t.equal(await refuse({ 'Session-ID': 7 }), '4400 init_malformed')
  t.equal(await refuse({ accessToken: tab }), '4401 token_claims_invalid')
  t.equal(await refuse({ authorization: 'Basic x' }), '4400 init_malformed')
  await core.sessions.endAsAdmin({ sessionId })
  t.equal(await refuse({ accessToken }), '4401 ended_by_admin')
})

await t.test('a first value is the state of now, with a tab token for who has none', async (t) => {
  const { cookie } = await openBrowser(url)
  const line = await acknowledged(openLine(t, url, { cookie }))
  const followed = line.follow(AUTH)
  await waitFor('the first state', () => followed.values.length === 1)
  const { auth } = followed.values[0] as { auth: { sessionId: string; authorized: boolean } }
  t.equal(auth.authorized, false)
  const again = await acknowledged(
    openLine(t, url, { cookie, init: { 'Session-ID': auth.sessionId } }),
  )
  const known = again.follow(AUTH)
  await waitFor('the first state', () => known.values.length === 1)
  t.match(known.values[0], { auth: { sessionId: null } })
})

await t.test('a cookie that opens nothing any more is no reason to refuse', async (t) => {
  const own = { 'sec-fetch-site': 'same-origin' }
  const { cookies, sessionId } = await signIn(url, 'stale', { useCookies: true, headers: own })
  await core.sessions.endAsAdmin({ sessionId })
  const line = await acknowledged(openLine(t, url, { cookie: cookies, origin: url }))
  const followed = line.follow(AUTH)
  await waitFor('the state', () => followed.values.length === 1)
  t.match(followed.values[0], { auth: { authorized: false, reason: 'ended_by_admin' } })
})

await t.test(
  'with a token of its own a tab sees its account, its sessions and their changes',
  async (t) => {
    const { accessToken } = await signIn(url, 'own')
    const line = await acknowledged(openLine(t, url, { init: { accessToken } }))
    const user = line.follow('subscription { user { displayName email } }')
    const sessions = line.follow('subscription { sessions { current } }')
    await waitFor('first states', () => user.values.length === 1 && sessions.values.length === 1)
    t.match(user.values[0], { user: { displayName: 'own' } })
    const changed = await ask(
      url,
      'mutation { updateProfile(displayName: "New") { displayName } }',
      {
        token: accessToken,
      },
    )
    t.match(changed.data, { updateProfile: { displayName: 'New' } })
    await waitFor('the change', () => user.values.length === 2)
    t.match(user.values[1], { user: { displayName: 'New' } })
    const more = await signIn(url, 'own', { isNew: false })
    await waitFor('the longer list', () => sessions.values.length === 2)
    t.match(sessions.values[1], { sessions: [{ current: false }, { current: true }] })
    await call('DELETE', `${url}/sessions/${more.sessionId}`, { token: accessToken })
    await waitFor('the shorter list', () => sessions.values.length === 3)
    t.match(sessions.values[2], { sessions: [{ current: true }] })
  },
)

await t.test('queries and mutations go over the line; cookies do not', async (t) => {
  const { accessToken, refreshToken } = await signIn(url, 'line')
  const line = await acknowledged(
    openLine(t, url, { init: { Authorization: `Bearer ${accessToken}` } }),
  )
  t.match(await line.ask('{ user { username } }'), { data: { user: { username: 'line' } } })
  t.match(await line.ask('mutation { updateProfile(displayName: "L") { displayName } }'), {
    data: { updateProfile: { displayName: 'L' } },
  })
  t.match(
    await line.ask('mutation($t: String!) { refresh(refreshToken: $t) { sessionId } }', {
      t: refreshToken,
    }),
    {
      data: { refresh: {} },
    },
  )
  const refusal: unknown = await line.ask('{ nope }').catch((error: unknown) => error)
  t.match(refusal, [{ extensions: { reason: 'query_invalid' } }])
  const browser = await openBrowser(url)
  const anonymous = await acknowledged(openLine(t, url, { cookie: browser.cookie }))
  t.match(
    await anonymous.ask(
      `mutation { login(username: "line", password: "x", useCookies: true) { sessionId } }`,
    ),
    { errors: [{ extensions: { reason: 'cookies_unavailable' } }] },
  )
  const refused = anonymous.follow('subscription { user { id } }')
  await waitFor('the refusal', () => refused.isComplete())
  t.match(refused.values, [{ errors: [{ extensions: { reason: 'credentials_missing' } }] }])
})

await t.test('too many operations on one line are refused one by one', async (t) => {
  const { cookie } = await openBrowser(url)
  const line = await acknowledged(openLine(t, url, { cookie }))
  const open = [line.follow(AUTH), line.follow(AUTH), line.follow(AUTH)]
  await waitFor('three', () => open.every(({ values }) => values.length === 1))
  const fourth = line.follow(AUTH)
  await waitFor('the refusal', () => fourth.errors.length === 1)
  t.match(fourth.errors[0], [
    { extensions: { code: 'TOO_MANY_REQUESTS', reason: 'too_many_operations' } },
  ])
  open[0]?.stop()
  await waitFor('room again', async () => {
    const next = line.follow('subscription { auth { method } }')
    await waitFor('an answer', () => next.values.length + next.errors.length > 0)
    return next.values.length === 1
  })
  t.equal(line.closed(), null)
})

await t.test('the end of the session: last states, completion, 4401 with the reason', async (t) => {
  const { accessToken, sessionId } = await signIn(url, 'ending')
  const busy = await acknowledged(openLine(t, url, { init: { accessToken } }))
  const idle = await acknowledged(openLine(t, url, { init: { accessToken } }))
  const feeds = [
    busy.follow(AUTH),
    busy.follow('subscription { user { id } }'),
    busy.follow('subscription { sessions { id } }'),
  ]
  await waitFor('first states', () => feeds.every(({ values }) => values.length === 1))
  const result = await core.sessions.endAsAdmin({ sessionId })
  t.match(result, { ended: 1, connectionsClosed: 2 })
  t.equal(await endOf(idle), '4401 ended_by_admin')
  t.equal(await endOf(busy), '4401 ended_by_admin')
  t.ok(feeds.every((feed) => feed.isComplete()))
  t.match(
    feeds.map(({ values }) => values[1]),
    [
      { auth: { authorized: false, reason: 'ended_by_admin', user: null } },
      { user: null },
      { sessions: null },
    ],
  )
})
