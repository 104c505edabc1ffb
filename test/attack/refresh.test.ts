/** Refresh tokens that an attacker shows, over HTTP. */
import t from 'tap'
import { call, login, registerAndLogin, type SignedIn } from '../helpers/http-client.js'
import { openPushClient } from '../helpers/push-client.js'
import { encode } from '../helpers/test-keys.js'
import { openAttackHouse } from './house.js'
import { openTransports } from './transport.js'

const house = await openAttackHouse(t)
const transports = openTransports(t, house)
const { http } = house

async function browserOf(username: string) {
  const signedIn = await registerAndLogin(http, username)
  const first = await call('POST', `${http}/auth/login`, {
    json: { username, password: 'correct horse battery staple', useCookies: true },
  })
  const cookies = [first.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';')[0])
  const client = cookies.find((cookie) => cookie?.startsWith('_cid=')) ?? ''
  const body = first.body as { accessToken: string; refreshToken: string; session: { id: string } }
  return { signedIn, client, cookies: cookies.join('; '), ...body, sessionId: body.session.id }
}

function refreshWith(refreshToken: string, cookie: string) {
  return call('POST', `${http}/auth/refresh_token`, { json: { refreshToken }, headers: { cookie } })
}

await t.test('R-01 R-02 a token that was used before ends the session everywhere', async (t) => {
  for (const generation of [1, 2]) {
    const browser = await browserOf(`replay-${generation}`)
    const chain = [browser.refreshToken]
    let access = browser.accessToken
    for (let index = 0; index <= generation; index += 1) {
      const { status, body } = await refreshWith(chain.at(-1) ?? '', browser.client)
      t.equal(status, 200)
      chain.push(String(body['refreshToken']))
      access = String(body['accessToken'])
    }
    const socket = await openPushClient(t, house.socket, { token: access, event: 'e' })
    const replayed = await refreshWith(chain[0] ?? '', browser.client)
    t.equal(replayed.status, 401)
    t.match(replayed.body, { code: 'UNAUTHENTICATED', reason: 'reuse_detected' })
    t.match(await socket.closed, { code: 4401, reason: 'reuse_detected' })
    for (const transport of transports) {
      t.match(await transport.show(access), { sessionId: null, reason: 'reuse_detected' })
    }
    const newest = await refreshWith(chain.at(-1) ?? '', browser.client)
    t.match(newest.body, { reason: 'reuse_detected' }, 'the newest token dies too')
    const other = await call('GET', `${http}/me`, { token: browser.signedIn.accessToken })
    t.equal(other.status, 200, 'another session of the same user goes on')
  }
})

await t.test('R-03 R-06 500 tabs at once converge on one pair', async (t) => {
  const { client, refreshToken } = await browserOf('tabs')
  const answers = await Promise.all(
    Array.from({ length: 500 }, () => refreshWith(refreshToken, client)),
  )
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  t.equal(new Set(answers.map(({ body }) => body['refreshToken'])).size, 1)
  t.equal(new Set(answers.map(({ body }) => body['accessToken'])).size, 1)
})

await t.test(
  'R-05 the previous token from another browser is theft, also in the window',
  async (t) => {
    const { client, refreshToken } = await browserOf('thief')
    const winner = await refreshWith(refreshToken, client)
    const { client: thief } = await browserOf('somebody')
    const stolen = await refreshWith(refreshToken, thief)
    t.equal(stolen.status, 401)
    t.match(stolen.body, { code: 'UNAUTHENTICATED', reason: 'reuse_detected' })
    const after = await refreshWith(String(winner.body['refreshToken']), client)
    t.match(after.body, { reason: 'reuse_detected' })
  },
)

await t.test('R-04 who loses the race clears no cookies', async (t) => {
  const { cookies } = await browserOf('loser')
  const junk = cookies.replace(/_rt=[^;]+/, '_rt=a.b.c')
  const headers = { cookie: junk, 'sec-fetch-site': 'same-origin' }
  const refused = await call('POST', `${http}/auth/refresh_token`, { headers })
  t.equal(refused.status, 401)
  t.equal(refused.headers['set-cookie'], undefined)
})

await t.test('R-07 R-08 1,000 refreshes against the end of their session', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const name = `race-${round}`
    const sessions = [await registerAndLogin(http, name)]
    for (let index = 1; index < 10; index += 1) sessions.push(await login(http, name))
    const [keeper, ...others] = sessions as [SignedIn, ...SignedIn[]]
    const refreshes = others.flatMap(({ refreshToken }) =>
      Array.from({ length: 5 }, () => refreshWith(refreshToken, '')),
    )
    const ended = call('DELETE', `${http}/sessions`, { token: keeper.accessToken })
    const given = await Promise.all(refreshes)
    t.equal((await ended).status, 200)
    for (const { status, body } of given) {
      if (status !== 200) continue
      const me = await call('GET', `${http}/me`, { token: String(body['accessToken']) })
      if (me.status !== 401) t.fail(`alive after the end: ${me.text}`)
    }
  }
})

await t.test('R-09 R-10 what was not issued here changes nothing', async (t) => {
  const { refreshToken, client, sessionId, signedIn } = await browserOf('garbage')
  const before = house.state()
  const now = Math.floor(Date.now() / 1000)
  const right = { ...house.claims, aud: `${String(house.claims['aud'])}/refresh` }
  const parts = refreshToken.split('.')
  const tokens: Record<string, string> = {
    empty: ' ',
    truncated: refreshToken.slice(0, -4),
    extended: `${refreshToken}AAAA`,
    'another version': parts.with(0, encode('{"alg":"ES256","v":2}')).join('.'),
    'a changed payload': parts.with(1, encode(JSON.stringify(right))).join('.'),
    'an access token': signedIn.accessToken,
    'random bytes': encode(Buffer.alloc(200, 7)),
    '4 KiB': 'a'.repeat(4096),
  }
  for (const [what, token] of Object.entries(tokens)) {
    const { status, body } = await refreshWith(token, client)
    t.equal(status, 401, what)
    t.match(String(body['reason']), /^token_(?:malformed|signature_invalid|claims_invalid)$/, what)
  }
  t.equal((await refreshWith('a'.repeat(4097), client)).status, 400)
  t.equal(house.state(), before, 'nothing changed')
  // Signed by our own key for a session that the store does not know, as after a backup was restored.
  const header = { ...house.header, typ: 'rt+jwt' }
  const payload = { ...right, sid: 'unknown', jti: 'newer', iat: now, exp: now + 600 }
  const unknown = await refreshWith(house.craft({ header, payload }), client)
  t.match(unknown.body, { reason: 'session_not_found' })
  t.equal(house.state(), before, 'nothing changed')
  t.equal((await call('GET', `${http}/sessions`, { token: signedIn.accessToken })).status, 200)
  t.ok(sessionId)
})

await t.test('a body and a cookie that differ are ambiguous', async (t) => {
  const { cookies, client } = await browserOf('both')
  const before = house.state()
  const { status, body } = await call('POST', `${http}/auth/refresh_token`, {
    json: { refreshToken: house.ada.refreshToken },
    headers: { cookie: cookies, 'sec-fetch-site': 'same-origin' },
  })
  t.equal(status, 400)
  t.match(body, { code: 'INVALID_ARGUMENT', reason: 'credentials_ambiguous' })
  t.equal(house.state(), before)
  t.ok(client)
})
