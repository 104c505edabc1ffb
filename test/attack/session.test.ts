/** Sessions that an attacker wants to keep, to take or to end. */
import t from 'tap'
import { call, login, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { openPushClient } from '../helpers/push-client.js'
import { openAttackHouse } from './house.js'
import { openTransports } from './transport.js'

const house = await openAttackHouse(t)
const transports = openTransports(t, house)
const { http } = house

await t.test('S-04 an idle WebSocket of a session that ends is closed, and no other', async (t) => {
  const mine = await registerAndLogin(http, 'socket-user')
  const other = await login(http, 'socket-user')
  const [closing, staying] = await Promise.all([
    openPushClient(t, house.socket, { token: mine.accessToken, event: 'e' }),
    openPushClient(t, house.socket, { token: other.accessToken, event: 'e' }),
  ])
  const { body } = await call('DELETE', `${http}/sessions/${mine.sessionId}`, {
    token: other.accessToken,
  })
  t.match(body, { ended: 1, connectionsClosed: 1 })
  t.match(await closing.closed, { code: 4401, reason: 'ended_by_user' })
  t.equal(staying.socket.readyState, staying.socket.OPEN)
  t.strictSame(closing.received, [])
})

await t.test(
  'S-10 fixation: what a browser brings along is worth nothing after a sign-in',
  async (t) => {
    const planted = await login(http, 'eve')
    const answer = await call('POST', `${http}/auth/login`, {
      json: { username: 'ada', password: PASSWORD, useCookies: true },
      headers: {
        cookie: `_at=${planted.accessToken}; _rt=${planted.refreshToken}; _cid=planted.label`,
        'sec-fetch-site': 'same-origin',
      },
    })
    t.equal(answer.status, 200)
    const set = String(answer.headers['set-cookie'])
    for (const name of ['_at=', '_rt=', '_cid=']) t.ok(set.includes(name), `${name} is replaced`)
    t.notOk(set.includes(planted.accessToken))
    t.notMatch(set, 'planted.label')
    t.match(answer.body, { user: { username: 'ada' } })
  },
)

await t.test('S-11 after a sign-out neither token works, and nothing may be kept', async (t) => {
  const mine = await registerAndLogin(http, 'leaver')
  const page = await call('GET', `${http}/me`, { token: mine.accessToken })
  t.equal(page.headers['cache-control'], 'no-store')
  t.equal((await call('POST', `${http}/auth/logout`, { token: mine.accessToken })).status, 204)
  const refreshed = await call('POST', `${http}/auth/refresh_token`, {
    json: { refreshToken: mine.refreshToken },
  })
  t.equal(refreshed.status, 401)
  t.match(refreshed.body, { reason: 'logged_out' })
  for (const transport of transports) {
    t.match(await transport.show(mine.accessToken), { sessionId: null, reason: 'logged_out' })
  }
})

await t.test('S-17 S-18 a list shows the own sessions, and no id of others ends one', async (t) => {
  const mine = await registerAndLogin(http, 'owner')
  const { body, text } = await call('GET', `${http}/sessions`, { token: mine.accessToken })
  const { sessions } = body as { sessions: { id: string; current: boolean }[] }
  t.match(sessions, [{ id: mine.sessionId, current: true }])
  t.notMatch(text, /eyJ|hash|refresh|sealed/)
  t.match(mine.sessionId, /^[\w-]{22}$/)
  const before = house.state()
  const ids = [house.ada.sessionId, 'x', '0', '..%2f..', "'%20OR%201=1--", '%00', 'a'.repeat(500)]
  for (const id of ids) {
    const { status, body: problem } = await call('DELETE', `${http}/sessions/${id}`, {
      token: mine.accessToken,
    })
    t.equal(status, 404, id)
    t.match(problem, { code: 'NOT_FOUND' })
  }
  t.equal(house.state(), before, 'nothing changed')
  t.equal((await call('GET', `${http}/me`, { token: house.ada.accessToken })).status, 200)
})

await t.test('S-22 a rotation cuts no stream', async (t) => {
  const mine = await registerAndLogin(http, 'streamer')
  const stream = await openPushClient(t, house.socket, { token: mine.accessToken, event: 'e' })
  const { body } = await call('POST', `${http}/auth/refresh_token`, {
    json: { refreshToken: mine.refreshToken },
  })
  const again = { token: String(body['accessToken']), event: 'e', ack: true }
  stream.socket.send(JSON.stringify(again))
  const pushed = await call('POST', `http://${house.socket}/push`, {
    headers: { 'x-api-key': house.config.api.key },
    json: { userId: mine.userId, event: 'e', message: 'hello' },
  })
  t.match(pushed.body, { delivered: 1 })
  t.equal(stream.socket.readyState, stream.socket.OPEN)
})
