/** GraphQL by an attacker: what the other transports have no place for. */
import { once } from 'node:events'
import t from 'tap'
import WebSocket from 'ws'
import { ask, openLine, reasons } from '../helpers/graphql-house.js'
import { call, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { waitFor } from '../helpers/wait-for.js'
import { openAttackHouse } from './house.js'

const house = await openAttackHouse(t, { 'graphql.initTimeoutMs': 200 })
const { http, httpAddress, ada, eve } = house
const LOGOUT = 'mutation { logout { ended } }'

await t.test('S-02 a batch of a session that ended is refused in every part', async (t) => {
  const { accessToken: token } = await registerAndLogin(http, 'batcher')
  t.equal((await call('POST', `${http}/auth/logout`, { token })).status, 204)
  const json = [1, 2, 3].map(() => ({ query: '{ sessions { id } }' }))
  const { body } = await call('POST', `${http}/graphql`, { token, json })
  const refused = { extensions: { code: 'UNAUTHENTICATED', reason: 'logged_out' } }
  t.match(
    body,
    [1, 2, 3].map(() => ({ errors: [refused] })),
  )
})

await t.test(
  'S-03 a live subscription ends with its session, and hears nothing after',
  async (t) => {
    const mine = await registerAndLogin(http, 'listener')
    const line = openLine(t, http, { init: { accessToken: mine.accessToken } })
    const sessions = line.follow('subscription { sessions { id } }')
    const auth = line.follow('subscription { auth { authorized reason } }')
    await waitFor('both', () => sessions.values.length === 1 && auth.values.length === 1)
    const ended = await call('DELETE', `${http}/sessions/${mine.sessionId}`, {
      token: mine.accessToken,
    })
    t.match(ended.body, { ended: 1, connectionsClosed: 1 })
    await waitFor('the close', () => line.closed())
    t.strictSame(line.closed(), { code: 4401, reason: 'ended_by_user' })
    t.match(auth.values.at(-1), { auth: { authorized: false, reason: 'ended_by_user' } })
    t.strictSame(sessions.values.at(-1), { sessions: null })
    t.ok(auth.isComplete() && sessions.isComplete())
  },
)

await t.test('C-08 no mutation by GET, by a form, or by a cookie from elsewhere', async (t) => {
  const before = house.state()
  const cookie = `_at=${ada.accessToken}`
  const query = `query=${encodeURIComponent(LOGOUT)}`
  const byGet = await call('GET', `${http}/graphql?${query}`, { token: ada.accessToken })
  t.match(byGet, {
    status: 405,
    body: { errors: [{ extensions: { reason: 'method_not_allowed' } }] },
  })
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
  ]) {
    for (const text of [query, JSON.stringify({ query: LOGOUT })]) {
      const headers = { cookie, 'content-type': type, 'sec-fetch-site': 'same-origin' }
      const answer = await call('POST', `${http}/graphql`, { text, headers })
      t.equal(answer.status, 415, type)
    }
  }
  for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.test' }]) {
    const answer = await ask(http, LOGOUT, { headers: { cookie, ...headers } })
    t.equal(answer.status, 403)
    t.strictSame(reasons(answer), ['cross_site_request'])
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('J-39 a cookie and a bearer of two sessions, on GraphQL', async (t) => {
  const before = house.state()
  const answer = await ask(http, LOGOUT, {
    token: ada.accessToken,
    headers: { cookie: `_at=${eve.accessToken}`, 'sec-fetch-site': 'same-origin' },
  })
  t.equal(answer.status, 400)
  t.strictSame(reasons(answer), ['credentials_ambiguous'])
  t.equal(house.state(), before, 'nothing changed')
})

/** How a line ends that says these messages once it is open. */
async function endOf(
  messages: readonly object[],
  headers: Record<string, string> = {},
): Promise<string> {
  const socket = new WebSocket(`ws://${httpAddress}/graphql`, 'graphql-transport-ws', { headers })
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  for (const message of messages) socket.send(JSON.stringify(message))
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return `${code} ${reason.toString()}`
}

await t.test('W-04 a line keeps its order: init first, once, in time', async (t) => {
  const subscribe = { type: 'subscribe', id: '1', payload: { query: '{ sessions { id } }' } }
  const init = { type: 'connection_init', payload: { accessToken: ada.accessToken } }
  t.match(await endOf([subscribe]), /^4401 /)
  t.match(await endOf([init, init]), /^4429 /)
  t.match(await endOf([]), /^4408 init_timeout/)
})

await t.test('W-05 one line is one session: that of the token it shows, to its end', async (t) => {
  const before = house.state()
  // A page cannot keep its cookies from a WebSocket, so the token goes before them.
  const cookie = `_at=${eve.accessToken}`
  const line = openLine(t, http, { cookie, origin: http, init: { accessToken: ada.accessToken } })
  const { data } = (await line.ask('{ user { username } }')) as { data: unknown }
  t.same(data, { user: { username: 'ada' } })
  const init = { type: 'connection_init', payload: { accessToken: ada.accessToken } }
  const ping = { type: 'ping', payload: { accessToken: eve.accessToken } }
  t.equal(await endOf([init, ping], { cookie, origin: http }), '4403 session_foreign')
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('W-12 neither aliases nor batches multiply attempts to sign in', async (t) => {
  const before = house.state()
  const login = (alias: string) =>
    `${alias}: login(username: "ada", password: "${PASSWORD}") { sessionId }`
  const many = Array.from({ length: 20 }, (_, index) => login(`a${index}`))
  const aliased = await ask(http, `mutation { ${many.join(' ')} }`)
  t.ok(aliased.errors.length > 0)
  t.ok(
    reasons(aliased).every((reason) =>
      /^(?:mutation_not_combinable|query_too_many_aliases|mutation_too_long)$/.test(reason),
    ),
  )
  const json = Array.from({ length: 3 }, () => ({ query: `mutation { ${login('a')} }` }))
  const { text } = await call('POST', `${http}/graphql`, { json })
  t.match(text, 'batch_mutation')
  t.notMatch(text, /"sessionId"/)
  const deep = `{ user ${'{ user '.repeat(50)} { id } ${'}'.repeat(50)} }`
  t.ok((await ask(http, deep, { token: ada.accessToken })).errors.length > 0)
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('S-17 no account and no session of somebody else is shown or ended', async (t) => {
  const before = house.state()
  const token = eve.accessToken
  const queries: Record<string, string> = {
    [`{ user(id: "${ada.userId}") { id email } }`]: 'role_required',
    '{ users { edges { node { id } } } }': 'role_required',
    [`mutation { endSession(id: "${ada.sessionId}") { ended } }`]: 'session_not_found',
  }
  for (const [query, reason] of Object.entries(queries)) {
    t.strictSame(reasons(await ask(http, query, { token })), [reason], query)
  }
  t.equal(house.state(), before, 'nothing changed')
})
