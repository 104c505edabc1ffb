/** What is for other services and for administrators only, and the ways in which passwords change. */
import t from 'tap'
import { call, login, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { openGrpcClient, watchRevocations } from '../helpers/grpc-client.js'
import { waitFor } from '../helpers/wait-for.js'
import { openAttackHouse } from './house.js'
import { tokenCases } from './token-corpus.js'

const LISTED = 'https://app.example.com'
const house = await openAttackHouse(t, { 'http.allowedOrigins': [LISTED] })
const { http, ada, eve } = house
const client = house.config.oauth.clients[0] ?? ''
const basic = (credentials: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
})

function form(path: string, text: string, headers: Record<string, string> = basic(client)) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return call('POST', `${http}/oauth/${path}`, { text, headers: { ...type, ...headers } })
}

await t.test('X-10 X-11 neither is answered without the credentials of a service', async (t) => {
  const before = house.state()
  const [name = ''] = client.split(':')
  const wrong = [
    {},
    basic(`${name}:`),
    basic(`${name}:${'x'.repeat(32)}`),
    basic(`other:${client.slice(name.length + 1)}`),
    { authorization: `Bearer ${ada.accessToken}` },
    { 'x-api-key': house.config.api.key },
  ]
  for (const path of ['introspect', 'revoke']) {
    for (const headers of wrong) {
      const { status, body } = await form(path, `token=${ada.accessToken}`, headers)
      t.equal(status, 401, JSON.stringify(headers))
      t.match(body, { error: 'invalid_client', reason: 'client_invalid' })
    }
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('X-10 introspection calls no forged token active, and says no more', async (t) => {
  const before = house.state()
  t.match((await form('introspect', `token=${ada.accessToken}`)).body, { active: true })
  for (const { title, tokens } of tokenCases(house)) {
    for (const token of tokens.filter(({ length }) => length < 8_000)) {
      // A refresh token that is genuine may be asked about as well (RFC 7662 §2.1).
      if (token === ada.refreshToken) continue
      const { status, text } = await form('introspect', `token=${encodeURIComponent(token)}`)
      t.ok(status === 200 && text === '{"active":false}', `${title}: ${status} ${text}`)
    }
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('X-11 revocation of what is no token of ours is 200 and does nothing', async (t) => {
  const before = house.state()
  for (const token of [
    'unknown',
    ada.accessToken.slice(0, -2),
    house.craft({ header: { alg: 'none' } }),
  ]) {
    t.equal((await form('revoke', `token=${encodeURIComponent(token)}`)).status, 200)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('no administration by a user, whatever the token or the body claims', async (t) => {
  const promoted = house.craft({ payload: { ...house.claims, role: 'admin' } })
  const user = `/admin/users/${eve.userId}`
  const routes: readonly (readonly [string, string, unknown])[] = [
    ['GET', '/admin/users', undefined],
    ['GET', `${user}/sessions`, undefined],
    ['PATCH', user, { role: 'admin' }],
    ['PATCH', user, { state: 'frozen' }],
    ['DELETE', user, undefined],
    ['DELETE', `${user}/sessions`, undefined],
    ['DELETE', `/admin/sessions/${eve.sessionId}`, undefined],
    ['DELETE', `/admin/keys/${house.header.kid}/sessions`, undefined],
    ['POST', `${user}/password_reset`, undefined],
    ['GET', '/admin/audit', undefined],
  ]
  const before = house.state()
  for (const [method, path, json] of routes) {
    // The second is signed by our own key, as one from before the role was taken away.
    for (const token of [ada.accessToken, promoted]) {
      const { status, body } = await call(method, http + path, { token, json })
      t.equal(status, 403, `${method} ${path}`)
      t.match(body, { code: 'PERMISSION_DENIED', reason: 'admin_required' })
    }
    t.equal((await call(method, http + path, { json })).status, 401)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('S-05 gRPC ends and streams for nobody who may not', async (t) => {
  const { accessToken, sessionId } = await registerAndLogin(http, 'caller')
  const ask = openGrpcClient(t, house.grpc, 'session', null)
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const before = house.state()
  const foreign = { user_id: ada.userId }
  await t.rejects(ask('End', foreign, as(accessToken)), { code: 7 })
  await t.rejects(ask('End', { session_id: ada.sessionId }, as(accessToken)), { code: 5 })
  await t.rejects(ask('End', { session_id: sessionId, reason: 'logged_out' }, as(accessToken)), {
    code: 3,
  })
  await t.rejects(ask('VerifyBatch', { access_tokens: [ada.accessToken] }, as(accessToken)), {
    code: 16,
  })
  t.match(await watchRevocations(t, house.grpc, accessToken).failed, {
    code: 7,
    reason: 'admin_only',
  })
  t.equal(house.state(), before, 'nothing changed')
  t.match(await ask('End', { session_id: sessionId }, as(accessToken)), { ended: 1 })
  await t.rejects(ask('End', { session_id: sessionId }, as(accessToken)), { code: 16 })
  const over = watchRevocations(t, house.grpc, accessToken)
  t.match(await over.failed, { code: 16, reason: 'ended_by_user' })
})

await t.test(
  'P-17 S-21 a password changes with the current one only, and ends the others',
  async (t) => {
    const mine = await registerAndLogin(http, 'changer')
    const thief = await login(http, 'changer')
    const change = (json: object) =>
      call('POST', `${http}/me/password`, { token: thief.accessToken, json })
    const before = house.state()
    const newPassword = 'quite another staple'
    t.equal((await change({ newPassword })).status, 400)
    t.match(await change({ newPassword, currentPassword: 'wrong horse staple' }), {
      status: 403,
      body: { code: 'PERMISSION_DENIED', reason: 'password_wrong' },
    })
    t.equal(house.state(), before, 'nothing changed')
    const json = { newPassword, currentPassword: PASSWORD }
    const owner = await call('POST', `${http}/me/password`, { token: mine.accessToken, json })
    t.match(owner, { status: 200, body: { ended: 1 } })
    t.match(await call('GET', `${http}/me`, { token: thief.accessToken }), {
      status: 401,
      body: { reason: 'password_changed' },
    })
    t.equal((await call('GET', `${http}/me`, { token: mine.accessToken })).status, 200)
  },
)

await t.test('P-14 reset tokens that are wrong, guessed or used set nothing', async (t) => {
  const before = house.state()
  const reset = (token: string) =>
    call('POST', `${http}/auth/reset_password`, { json: { token, newPassword: 'one more staple' } })
  for (const token of ['x', '0'.repeat(44), "' OR 1=1 --", ada.userId, '../reset', '\0']) {
    const { status, body } = await reset(token)
    t.equal(status, 400, token)
    t.match(String(body['reason']), /^(?:reset_token_invalid|invalid_argument)$/)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('C-11 a listed origin is answered by name, and none that looks like it', async (t) => {
  const ask = (origin: string) =>
    call('OPTIONS', `${http}/me`, { headers: { origin, 'access-control-request-method': 'PATCH' } })
  const listed = await ask(LISTED)
  t.equal(listed.headers['access-control-allow-origin'], LISTED)
  t.match(listed.headers['vary'], /origin/i)
  const others = [
    `${LISTED}.evil.test`,
    LISTED.toUpperCase(),
    `${LISTED}:444`,
    'https://evil.test',
    'null',
  ]
  for (const origin of [...others, LISTED.replace('https', 'http'), `${LISTED}/`]) {
    const { headers } = await ask(origin)
    t.equal(headers['access-control-allow-origin'], undefined, origin)
    t.equal(headers['access-control-allow-credentials'], undefined, origin)
    t.match(headers['vary'], /origin/i, 'caches are told')
  }
})

await t.test('P-12 who burns the budget of a name does not keep its owner out', async (t) => {
  const first = await call('POST', `${http}/auth/login`, {
    json: { username: 'eve', password: PASSWORD },
  })
  const known = String([first.headers['set-cookie'] ?? []].flat()[0]).split(';')[0] ?? ''
  const attempt = (password: string, headers: Record<string, string> = {}) =>
    call('POST', `${http}/auth/login`, { json: { username: 'eve', password }, headers })
  await waitFor('the budget is spent', async () => (await attempt('wrong password')).status === 429)
  t.match(await attempt(PASSWORD), { status: 429, body: { reason: 'too_many_attempts' } })
  t.match(await attempt(PASSWORD, { cookie: known }), { status: 200 }, 'a browser that is known')
})
