import { createHook } from 'node:async_hooks'
import t, { type Test } from 'tap'
import { ask, openGraphqlHouse, openLine, reasons, signIn } from '../../helpers/graphql-house.js'
import { PASSWORD } from '../../helpers/http-client.js'
import { waitFor } from '../../helpers/wait-for.js'

const house = await openGraphqlHouse(t)
const { url, core } = house
const AUTH = 'subscription { auth { authorized } }'

async function admin(name: string): Promise<string> {
  await signIn(url, name)
  await core.accounts.setRole(name, 'admin')
  return (await signIn(url, name, { isNew: false })).accessToken
}

await t.test('one failure undoes the whole mutation, and the answer says so', async (t) => {
  const { accessToken: token } = await signIn(url, 'txuser')
  // Twice, so that the compiled program is asked as well as the first run.
  for (let round = 0; round < 3; round += 1) {
    const answer = await ask(
      url,
      `mutation {
        a: updateProfile(displayName: "Changed") { displayName }
        b: updateProfile(displayName: "") { displayName }
        c: updateProfile(gender: MALE) { gender }
      }`,
      { token },
    )
    t.strictSame(answer.data, { a: null, b: null, c: null })
    t.strictSame(reasons(answer), ['rolled_back', 'invalid_argument', 'rolled_back'])
    t.match((await ask(url, '{ user { displayName gender } }', { token })).data, {
      user: { displayName: 'txuser', gender: 'UNKNOWN' },
    })
  }
  const register = (key: string, name: string): string =>
    `${key}: register(username: "${name}", password: "${PASSWORD}") { id username }`
  const taken = await ask(url, `mutation { ${register('a', 'fresh')} ${register('b', 'txuser')} }`)
  t.strictSame(reasons(taken), ['rolled_back', 'username_taken'])
  const later = await ask(url, `mutation { ${register('a', 'fresh')} }`)
  t.match(later.data, { a: { username: 'fresh' } }, 'the name is still free')
})

await t.test('events are told after the commit, and not after a rollback', async (t) => {
  const { accessToken: token } = await signIn(url, 'hook')
  const { id = '' } = (await ask(url, '{ user { id } }', { token })).data?.['user'] ?? {}
  const told: string[] = []
  const leave = core.authObservers.watchUser(id, ({ type }) => told.push(type))
  t.teardown(leave)
  await ask(
    url,
    'mutation { updateProfile(displayName: "One") { id } b: updateProfile(displayName: "") { id } }',
    { token },
  )
  t.strictSame(told, [])
  await ask(url, 'mutation { updateProfile(displayName: "Two") { id } }', { token })
  await waitFor('the event', () => told.length === 1)
  t.strictSame(told, ['profile_changed'])
})

await t.test('Relay pages: forward, backward, totals, refusals', async (t) => {
  const token = await admin('relay')
  for (let i = 0; i < 5; i += 1) {
    await core.accounts.register({ username: `page${i}`, password: PASSWORD }, '127.0.0.1')
  }
  const query = `query($first: Int, $after: String, $last: Int, $before: String) {
    users(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { username } }
    }
  }`
  interface Page {
    totalCount: number
    pageInfo: Record<string, unknown>
    edges: { cursor: string; node: { username: string } }[]
  }
  const page = async (variables: Record<string, unknown>) =>
    (await ask(url, query, { token, variables })).data?.['users'] as unknown as Page
  const total = (await page({})).totalCount
  const walk = async (step: (cursor: unknown) => Record<string, unknown>, isBack: boolean) => {
    const names: string[] = []
    let cursor: unknown = null
    for (let steps = 0; steps < 50; steps += 1) {
      const { edges, pageInfo } = await page(step(cursor))
      const found = edges.map(({ node }) => node.username)
      if (isBack) names.unshift(...found)
      else names.push(...found)
      cursor = isBack ? pageInfo['startCursor'] : pageInfo['endCursor']
      if (pageInfo[isBack ? 'hasPreviousPage' : 'hasNextPage'] === false) break
    }
    return names
  }
  const forward = await walk((after) => ({ first: 2, after }), false)
  const backward = await walk((before) => ({ last: 3, before }), true)
  t.equal(forward.length, total)
  t.equal(new Set(forward).size, total)
  t.strictSame(backward, forward)
  for (const variables of [
    { first: 1, last: 1 },
    { first: -1 },
    { first: 0 },
    { last: 201 },
    { after: 'nonsense' },
  ]) {
    const answer = await ask(url, query, { token, variables })
    t.match(answer.errors, [{ extensions: { code: 'BAD_USER_INPUT' } }], JSON.stringify(variables))
  }
  const some = await signIn(url, 'nobody')
  t.strictSame(reasons(await ask(url, query, { token: some.accessToken })), ['role_required'])
})

await t.test("others' addresses and sessions are for their owner and administrators", async (t) => {
  const token = await admin('viewer')
  const made = await core.accounts.register(
    { username: 'seen', password: PASSWORD, email: 'seen@example.com' },
    '127.0.0.1',
  )
  const { accessToken: own } = await signIn(url, 'seen', { isNew: false })
  const { accessToken: other } = await signIn(url, 'other')
  const query = 'query($id: ID) { user(id: $id) { email sessions { current } } }'
  const variables = { id: made.id }
  t.match((await ask(url, query, { token: own })).data, {
    user: { email: 'seen@example.com', sessions: [{ current: true }] },
  })
  t.match((await ask(url, query, { token, variables })).data, {
    user: { email: 'seen@example.com', sessions: [{ current: false }] },
  })
  t.strictSame(reasons(await ask(url, query, { token: other, variables })), ['role_required'])
  t.strictSame(reasons(await ask(url, query, { token, variables: { id: 'none' } })), [
    'user_not_found',
  ])
})

await t.test('every mutation, once', async (t) => {
  const registered = await ask(
    url,
    `mutation { register(username: "Once", password: "${PASSWORD}", email: "once@example.com", displayName: "O") {
      id username displayName email role state createdAt gender avatarUrl
    } }`,
  )
  t.match(registered.data, {
    register: {
      username: 'once',
      email: 'once@example.com',
      role: 'USER',
      state: 'ACTIVE',
      gender: 'UNKNOWN',
    },
  })
  t.match(registered.data?.['register']?.['createdAt'], /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  const one = await signIn(url, 'once', { isNew: false })
  const two = await signIn(url, 'once', { isNew: false })
  const again = await ask(
    url,
    `mutation { login(username: "once", password: "${PASSWORD}") { sessionId } }`,
    {
      token: one.accessToken,
    },
  )
  t.match(again.errors, [
    { extensions: { code: 'FAILED_PRECONDITION', reason: 'already_signed_in' } },
  ])
  const wrong = await ask(
    url,
    'mutation { login(username: "once", password: "wrong password") { sessionId } }',
  )
  t.match(wrong.errors, [
    { extensions: { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' } },
  ])
  const end = '{ ended connectionsClosed processes { asked answered } }'
  const ended = await ask(url, `mutation($id: ID!) { endSession(id: $id) ${end} }`, {
    token: one.accessToken,
    variables: { id: two.sessionId },
  })
  t.match(ended.data, { endSession: { ended: 1, processes: { asked: 1, answered: 1 } } })
  const missing = await ask(url, `mutation { endSession(id: "none") ${end} }`, {
    token: one.accessToken,
  })
  t.match(missing.errors, [{ extensions: { code: 'NOT_FOUND', reason: 'session_not_found' } }])
  await signIn(url, 'once', { isNew: false })
  t.match(
    (await ask(url, `mutation { endOtherSessions ${end} }`, { token: one.accessToken })).data,
    {
      endOtherSessions: { ended: 1 },
    },
  )
  const fresh = 'another long password'
  const changed = await ask(
    url,
    `mutation($old: String!, $new: String!) { changePassword(currentPassword: $old, newPassword: $new) ${end} }`,
    { token: one.accessToken, variables: { old: PASSWORD, new: fresh } },
  )
  t.match(changed.data, { changePassword: { ended: 0 } })
  const refreshed = await ask(
    url,
    'mutation($t: String!) { refresh(refreshToken: $t) { accessToken tokenType expiresIn user { email } } }',
    {
      variables: { t: one.refreshToken },
    },
  )
  // Another browser asked, so only the current token counts, and it does.
  t.match(refreshed.data, { refresh: { tokenType: 'Bearer', user: { email: 'once@example.com' } } })
  const token = String(refreshed.data?.['refresh']?.['accessToken'])
  t.match((await ask(url, `mutation { logout ${end} }`, { token })).data, { logout: { ended: 1 } })
  t.strictSame(reasons(await ask(url, `mutation { logout ${end} }`, { token })), ['logged_out'])
  t.strictSame(reasons(await ask(url, 'mutation { refresh { accessToken } }')), [
    'credentials_missing',
  ])
})

await t.test('cookies are set, renewed and taken back', async (t) => {
  const own = { 'sec-fetch-site': 'same-origin' }
  const { cookies } = await signIn(url, 'jar', { useCookies: true, headers: own })
  t.match(cookies, /_at=.*_rt=/)
  const headers = { ...own, cookie: cookies }
  const renewed = await ask(url, 'mutation { refresh { sessionId } }', { headers })
  const set = [renewed.headers['set-cookie'] ?? []].flat()
  t.equal(set.filter((cookie) => /^_[ar]t=ey.*HttpOnly/.test(cookie)).length, 2)
  const out = await ask(url, 'mutation { logout { ended } }', { headers })
  t.equal(
    [out.headers['set-cookie'] ?? []].flat().filter((cookie) => /^_[ar]t=;/.test(cookie)).length,
    2,
  )
  const over = await ask(url, 'mutation { refresh { sessionId } }', { headers })
  t.strictSame(reasons(over), ['logged_out'])
  t.ok([over.headers['set-cookie'] ?? []].flat().some((cookie) => cookie.startsWith('_rt=;')))
})

/** The timer of the waiting itself, which is gone only after its callback. */
const WAITING = 1

/** Timers of this process that are set, whether they hold it or not, and its TCP connections. */
function watchResources(t: Test): () => { timers: number; sockets: number } {
  const timers = new Set<number>()
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable()
  t.teardown(() => hook.disable())
  return () => ({
    timers: timers.size,
    sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
  })
}

await t.test('10,000 subscribe and unsubscribe cycles leave nothing', async (t) => {
  const roomy = await openGraphqlHouse(t, {
    'graphql.messagesPerSecondMax': 1_000_000,
    'graphql.operationsPerConnectionMax': 200,
  })
  const { accessToken, sessionId } = await signIn(roomy.url, 'cycle')
  const resources = watchResources(t)
  const { authObservers, sessionHandles } = roomy.core
  const line = openLine(t, roomy.url, { init: { accessToken } })
  await waitFor('the line', () => line.isAcknowledged())
  await line.ask('{ auth { authorized } }')
  const watching = authObservers.count()
  const before = resources()
  const queries = [AUTH, 'subscription { user { id } }', 'subscription { sessions { id } }']
  for (let round = 0; round < 100; round += 1) {
    const feeds = Array.from({ length: 100 }, (_, index) => line.follow(queries[index % 3] ?? AUTH))
    if (round % 10 === 0)
      await waitFor('the states', () => feeds.every(({ values }) => values.length === 1))
    for (const feed of feeds) feed.stop()
    // One answer behind them means that the server has read all that came before.
    await line.ask('{ auth { authorized } }')
  }
  t.equal(authObservers.count(), watching)
  t.equal(sessionHandles.count(sessionId), 1, 'the line itself')
  await waitFor('no timer is left', () => resources().timers <= before.timers + WAITING)
  t.equal(resources().sockets, before.sockets)
  t.match(await line.ask('{ auth { authorized } }'), { data: { auth: { authorized: true } } })
  await line.client.dispose()
  await waitFor('nobody watches', () => authObservers.count() === 0)
  await waitFor('no handle', () => sessionHandles.sessionIds().length === 0)
})

await t.test('1,000 abrupt losses leave nothing', async (t) => {
  const { accessToken, sessionId } = await signIn(url, 'loss')
  await waitFor('a quiet house', () => core.sessionHandles.count(sessionId) === 0)
  const resources = watchResources(t)
  const watching = core.authObservers.count()
  const before = resources()
  for (let round = 0; round < 20; round += 1) {
    const lines = Array.from({ length: 50 }, () => openLine(t, url, { init: { accessToken } }))
    const feeds = lines.map((line) => line.follow(AUTH))
    await waitFor('the states', () => feeds.every(({ values }) => values.length === 1))
    t.equal(core.sessionHandles.count(sessionId), 50)
    for (const line of lines) line.client.terminate()
    await waitFor('nothing open', () => core.sessionHandles.count(sessionId) === 0)
  }
  t.equal(core.authObservers.count(), watching)
  await waitFor('no socket is left', () => resources().sockets <= before.sockets)
  await waitFor('no timer is left', () => resources().timers <= before.timers + WAITING)
  t.strictSame(core.sessionHandles.sessionIds(), [])
})
