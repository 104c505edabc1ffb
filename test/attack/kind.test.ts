/** Every kind of token, shown in the place of every other kind; and tab tokens, which have a place of their own. */
import t from 'tap'
import { ask, openBrowser, reasons, signIn } from '../helpers/graphql-house.js'
import { call, PASSWORD } from '../helpers/http-client.js'
import { openAttackHouse } from './house.js'
import { openTransports } from './transport.js'

const house = await openAttackHouse(t)
const transports = openTransports(t, house)
const { http, ada, eve } = house
const browser = await openBrowser(http)
const other = await openBrowser(http)
const tabToken = await browser.openTab()
const KINDS: Readonly<Record<string, string>> = {
  'access token': ada.accessToken,
  'refresh token': ada.refreshToken,
  'tab token': tabToken,
  'reset token': 'R'.repeat(44),
}
/** All kinds but the right one. */
function kindsBut(right: string): readonly (readonly [string, string])[] {
  return Object.entries(KINDS).filter(([kind]) => kind !== right)
}
/** What a token of another kind, or no token, is refused with. */
const REASON = /^(?:token_malformed|token_claims_invalid|credentials_malformed|invalid_token)$/

await t.test('J-31 no other kind of token is an access token, on any transport', async (t) => {
  const before = house.state()
  for (const transport of transports) {
    for (const [kind, token] of kindsBut('access token')) {
      const { sessionId, reason } = await transport.show(token)
      t.equal(sessionId, null, `${transport.name}: ${kind}`)
      t.match(reason, REASON, `${transport.name}: ${kind}`)
    }
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('J-31 no other kind of token is a refresh token, by REST and GraphQL', async (t) => {
  const before = house.state()
  const refresh = 'mutation($token: String) { refresh(refreshToken: $token) { accessToken } }'
  for (const [kind, token] of kindsBut('refresh token')) {
    const rest = await call('POST', `${http}/auth/refresh_token`, { json: { refreshToken: token } })
    t.equal(rest.status, 401, kind)
    t.match(rest.body['reason'], REASON, kind)
    const cookie = { cookie: `_rt=${token}`, 'sec-fetch-site': 'same-origin' }
    const byCookie = await call('POST', `${http}/auth/refresh_token`, { headers: cookie })
    t.equal(byCookie.status, 401, kind)
    t.match(byCookie.body['reason'], REASON, kind)
    const graphql = await ask(http, refresh, { variables: { token } })
    t.match(graphql.errors, [{ extensions: { code: 'UNAUTHENTICATED', reason: REASON } }], kind)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('J-31 no other kind of token is a tab token, by REST and GraphQL', async (t) => {
  const before = house.state()
  for (const [kind, token] of kindsBut('tab token')) {
    const headers = { cookie: browser.cookie, 'session-id': token }
    const graphql = await ask(http, '{ auth { clientId } }', { headers })
    t.match(graphql.errors, [{ extensions: { code: 'UNAUTHENTICATED', reason: REASON } }], kind)
    const json = { username: 'ada', password: PASSWORD }
    const rest = await call('POST', `${http}/auth/login`, { json, headers })
    t.equal(rest.status, 401, kind)
    t.match(rest.body['reason'], REASON, kind)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('J-31 no other kind of token resets a password', async (t) => {
  const before = house.state()
  for (const [kind, token] of kindsBut('none')) {
    const json = { token, newPassword: 'another battery staple' }
    const { status, body } = await call('POST', `${http}/auth/reset_password`, { json })
    t.equal(status, 400, kind)
    t.match(String(body['reason']), /^(?:reset_token_invalid|invalid_argument)$/, kind)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('J-31 introspection and revocation know access and refresh tokens only', async (t) => {
  const [, secret] = [
    '',
    'Basic ' + Buffer.from(house.config.oauth.clients[0] ?? '').toString('base64'),
  ]
  const before = house.state()
  for (const kind of ['tab token', 'reset token']) {
    for (const path of ['introspect', 'revoke']) {
      const { status, text } = await call('POST', `${http}/oauth/${path}`, {
        text: `token=${KINDS[kind] ?? ''}`,
        headers: { authorization: secret, 'content-type': 'application/x-www-form-urlencoded' },
      })
      t.equal(status, 200)
      t.equal(text, path === 'introspect' ? '{"active":false}' : '', `${kind}, ${path}`)
    }
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('S-16 a tab token is no good with the cookie of another browser', async (t) => {
  const before = house.state()
  const login = 'mutation($p: String!) { login(username: "ada", password: $p) { sessionId } }'
  for (const cookie of [other.cookie, '', '_cid=forged.label']) {
    const headers = { cookie, 'session-id': tabToken }
    const answer = await ask(http, '{ auth { clientId } }', { headers })
    t.strictSame(reasons(answer), ['tab_foreign'], cookie)
    const signed = await ask(http, login, { headers, variables: { p: PASSWORD } })
    t.strictSame(reasons(signed), ['tab_foreign'], 'nor does it sign in there')
    const rest = await call('POST', `${http}/auth/login`, {
      json: { username: 'ada', password: PASSWORD },
      headers,
    })
    t.match(rest, { status: 403, body: { code: 'PERMISSION_DENIED', reason: 'tab_foreign' } })
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('S-15 two tabs of one browser are two users, and one leaves alone', async (t) => {
  const tabs = [tabToken, await browser.openTab()]
  const people = ['ada', 'eve']
  const signedIn = await Promise.all(
    tabs.map((tab, index) =>
      signIn(http, people[index] ?? '', {
        isNew: false,
        headers: { cookie: browser.cookie, 'session-id': tab },
      }),
    ),
  )
  const whoIs = async (index: number) =>
    ask(http, '{ user { username } }', {
      token: signedIn[index]?.accessToken ?? '',
      headers: { cookie: browser.cookie, 'session-id': tabs[index] ?? '' },
    })
  for (const index of [0, 1])
    t.match((await whoIs(index)).data, { user: { username: people[index] } })
  const out = await call('POST', `${http}/auth/logout`, { token: signedIn[0]?.accessToken ?? '' })
  t.equal(out.status, 204)
  t.strictSame(reasons(await whoIs(0)), ['logged_out'])
  t.match((await whoIs(1)).data, { user: { username: 'eve' } })
  t.ok(eve.userId)
})
