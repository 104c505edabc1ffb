import t from 'tap'
import { createTestHttp } from '../../helpers/http-fakes.js'

const USER = {
  id: 'user-1',
  username: 'alice',
  displayName: 'Alice',
  email: null,
  avatarUrl: null,
  gender: 'unknown',
  role: 'user',
  state: 'active',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const SIGNED_IN = {
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  tokenType: 'Bearer',
  expiresIn: 600,
  session: { id: 'session-1' },
  user: USER,
}
const REFRESHED = { ...SIGNED_IN, accessToken: 'access-2', refreshToken: 'refresh-2' }
const CREDENTIALS = { username: 'alice', password: 'correct-password' }
const KNOWN = '_cid=client-9.mac'
const CLEARED = [
  '_at=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  '_rt=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict',
]

function createPost() {
  const { server, calls } = createTestHttp()
  const post = (
    url: string,
    payload?: object,
    cookie = KNOWN,
    more: Record<string, string> = {},
  ) => {
    const headers = { cookie, 'sec-fetch-site': 'same-origin', ...more }
    const base = { method: 'POST', url, headers } as const
    return server.inject(payload === undefined ? base : { ...base, payload })
  }
  return { server, calls, post }
}

await t.test('register creates an account', async (t) => {
  const { server, calls, post } = createPost()
  const account = { ...CREDENTIALS, email: 'a@example.com', displayName: 'A' }
  const response = await post('/auth/register', account)
  t.equal(response.statusCode, 201)
  t.same(response.json(), { user: USER })
  t.same(calls, [['register', account, '127.0.0.1']])
  t.equal(response.headers['set-cookie'], undefined)
  await server.close()
})

await t.test('register refuses what is not an account', async (t) => {
  const { server, calls, post } = createPost()
  const bodies = [
    {},
    { username: 'a' },
    { ...CREDENTIALS, role: 'admin' },
    { ...CREDENTIALS, username: 7 },
    { ...CREDENTIALS, password: 'a'.repeat(1025) },
    { ...CREDENTIALS, email: null },
  ]
  for (const body of bodies) {
    const response = await post('/auth/register', body)
    t.match(
      response.json(),
      { status: 400, reason: 'invalid_argument' },
      JSON.stringify(body).slice(0, 60),
    )
  }
  t.same(calls, [])
  const taken = await post('/auth/register', { ...CREDENTIALS, username: 'taken' })
  t.match(taken.json(), { status: 409, reason: 'username_taken' })
  await server.close()
})

await t.test('login answers with the tokens', async (t) => {
  const { server, calls, post } = createPost()
  const response = await post('/auth/login', { ...CREDENTIALS, remember: true })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  t.same(response.json(), SIGNED_IN)
  t.equal(response.headers['set-cookie'], undefined)
  t.match(calls, [
    [
      'login',
      { login: 'alice', password: 'correct-password', remember: true },
      { clientId: 'client-9' },
    ],
  ])
  await post('/auth/login', CREDENTIALS)
  t.match(calls[1]?.[1], { remember: false })
  await server.close()
})

await t.test('login sets cookies only when asked and only on success', async (t) => {
  const { server, post } = createPost()
  const response = await post('/auth/login', { ...CREDENTIALS, useCookies: true })
  t.same(response.headers['set-cookie'], [
    '_at=access-1; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
    '_rt=refresh-1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict',
  ])
  t.same(response.json(), SIGNED_IN)
  const fresh = await post('/auth/login', { ...CREDENTIALS, useCookies: true }, '')
  t.equal(fresh.headers['set-cookie']?.length, 3, 'the label comes with them')
  const wrong = await post('/auth/login', { ...CREDENTIALS, password: 'no', useCookies: true })
  t.match(wrong.json(), { status: 401, reason: 'credentials_invalid' })
  t.equal(wrong.headers['set-cookie'], undefined)
  t.equal(wrong.headers['www-authenticate'], 'Bearer')
  await server.close()
})

await t.test('refresh takes the token of the body', async (t) => {
  const { server, calls, post } = createPost()
  const response = await post('/auth/refresh_token', { refreshToken: 'refresh-1' })
  t.equal(response.statusCode, 200)
  t.same(response.json(), REFRESHED)
  t.equal(response.headers['set-cookie'], undefined)
  t.match(calls, [['refresh', 'refresh-1', { clientId: 'client-9' }]])
  const plain = await server.inject({
    method: 'POST',
    url: '/auth/refresh_token',
    payload: { refreshToken: 'refresh-1' },
  })
  t.equal(plain.statusCode, 200, 'a program without cookies')
  await server.close()
})

await t.test('refresh takes the token of the cookie and renews the cookies', async (t) => {
  const { server, post } = createPost()
  const cookie = `${KNOWN}; _rt=refresh-1`
  const renewed = [
    '_at=access-2; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
    '_rt=refresh-2; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict',
  ]
  for (const body of [undefined, {}, { refreshToken: 'refresh-1' }]) {
    const response = await post('/auth/refresh_token', body, cookie)
    t.same(response.json(), REFRESHED)
    t.same(response.headers['set-cookie'], renewed)
  }
  await server.close()
})

await t.test('refresh refuses two tokens, none, and a wrong shape', async (t) => {
  const { server, calls, post } = createPost()
  const cookie = `${KNOWN}; _rt=refresh-1`
  const two = await post('/auth/refresh_token', { refreshToken: 'other' }, cookie)
  t.match(two.json(), { status: 400, reason: 'credentials_ambiguous' })
  t.match((await post('/auth/refresh_token')).json(), {
    status: 401,
    reason: 'credentials_missing',
  })
  t.match((await post('/auth/refresh_token', {})).json(), {
    status: 401,
    reason: 'credentials_missing',
  })
  for (const body of [
    { refreshToken: 5 },
    { refreshToken: '' },
    { token: 'a' },
    { refreshToken: 'a'.repeat(5000) },
    [],
  ]) {
    t.match((await post('/auth/refresh_token', body)).json(), {
      status: 400,
      reason: 'invalid_argument',
    })
  }
  t.same(calls, [])
  await server.close()
})

await t.test('a refused refresh clears the cookies only of a session that is over', async (t) => {
  const { server, post } = createPost()
  const lost = await post('/auth/refresh_token', undefined, `${KNOWN}; _rt=stale`)
  t.match(lost.json(), { status: 401, reason: 'token_expired' })
  t.equal(lost.headers['set-cookie'], undefined, 'the winner of a race keeps what it got')
  const over = await post('/auth/refresh_token', undefined, `${KNOWN}; _rt=reused`)
  t.match(over.json(), { status: 401, reason: 'reuse_detected' })
  t.same(over.headers['set-cookie'], CLEARED)
  const byBody = await post('/auth/refresh_token', { refreshToken: 'reused' })
  t.equal(byBody.headers['set-cookie'], undefined)
  await server.close()
})

await t.test('logout ends the session and takes the cookies back', async (t) => {
  const { server, calls, post } = createPost()
  const byCookie = await post('/auth/logout', undefined, '_at=access-1')
  t.equal(byCookie.statusCode, 204)
  t.equal(byCookie.payload, '')
  t.match(byCookie.headers['set-cookie'], [/^_cid=/, ...CLEARED])
  const byBearer = await post('/auth/logout', undefined, KNOWN, {
    authorization: 'Bearer access-2',
  })
  t.equal(byBearer.statusCode, 204)
  t.match(calls, [
    ['logout', { sessionId: 'session-1' }],
    ['logout', { sessionId: 'session-2' }],
  ])
  t.equal((await post('/auth/logout')).statusCode, 401)
  await server.close()
})

await t.test('POST /auth/reset_password sets a password with the token of a link', async (t) => {
  const { server, calls } = createTestHttp()
  const post = (payload: object, headers: Record<string, string> = {}) =>
    server.inject({ method: 'POST', url: '/auth/reset_password', payload, headers })
  const reset = { token: 'reset-1', newPassword: 'battery staple' }
  const done = await post(reset)
  t.equal(done.statusCode, 204)
  t.equal(done.payload, '')
  t.same(calls, [['resetPassword', reset, '127.0.0.1']])
  const refused = await post({ ...reset, token: 'other' })
  t.equal(refused.statusCode, 400)
  t.match(refused.json(), { reason: 'reset_token_invalid' })
  t.notMatch(refused.payload, 'battery')
  t.equal((await post({ ...reset, token: 'x'.repeat(129) })).statusCode, 400)
  const foreign = await post(reset, { 'sec-fetch-site': 'cross-site' })
  t.equal(foreign.statusCode, 403)
  await server.close()
})
