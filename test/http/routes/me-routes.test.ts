import t from 'tap'
import { createTestHttp, END_RESULT } from '../../helpers/http-fakes.js'

const HEADERS = { authorization: 'Bearer access-1' }
const SESSION = {
  id: 'session-1',
  clientId: 'client-1',
  method: 'password',
  userAgent: 'test',
  address: '127.0.0.1',
  createdAt: '2026-01-01T00:00:00.000Z',
  lastSeenAt: '2026-01-02T00:00:00.000Z',
  expiresAt: '2026-01-31T00:00:00.000Z',
}

await t.test('GET /me shows the account and the session', async (t) => {
  const { server } = createTestHttp()
  const response = await server.inject({ url: '/me', headers: HEADERS })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { user, session } = response.json<{ user: object; session: object }>()
  t.same(session, SESSION)
  t.match(user, { id: 'user-1', username: 'alice', createdAt: '2026-01-01T00:00:00.000Z' })
  await server.close()
})

await t.test('PATCH /me changes the profile', async (t) => {
  const { server, calls } = createTestHttp()
  const payload = { displayName: 'Ally', gender: 'female' }
  const response = await server.inject({ method: 'PATCH', url: '/me', headers: HEADERS, payload })
  t.equal(response.statusCode, 200)
  t.match(response.json(), { user: payload, session: SESSION })
  t.same(calls[0], ['updateProfile', 'user-1', payload])
  await server.close()
})

await t.test('PATCH /me refuses what is not the own to change', async (t) => {
  const { server, calls } = createTestHttp()
  for (const payload of [
    {},
    { role: 'admin' },
    { displayName: 'x', state: 'active' },
    { gender: 'x' },
    { displayName: null },
  ]) {
    const response = await server.inject({ method: 'PATCH', url: '/me', headers: HEADERS, payload })
    t.match(response.json(), { status: 400, reason: 'invalid_argument' }, JSON.stringify(payload))
  }
  t.same(calls, [])
  await server.close()
})

await t.test('PATCH /me changes the e-mail address with the current password only', async (t) => {
  const { server, calls } = createTestHttp()
  const patch = (payload: object) =>
    server.inject({ method: 'PATCH', url: '/me', headers: HEADERS, payload })
  const changed = await patch({
    email: 'a@b.example',
    displayName: 'Al',
    currentPassword: 'correct-password',
  })
  t.match(changed.json(), { user: { email: 'a@b.example' } })
  t.match(calls[0], [
    'changeEmail',
    { sessionId: 'session-1' },
    { email: 'a@b.example', displayName: 'Al', currentPassword: 'correct-password' },
    '127.0.0.1',
  ])
  for (const payload of [{ email: null }, { email: null, currentPassword: 'no' }]) {
    const refused = await patch(payload)
    t.equal(refused.statusCode, 403)
    t.match(refused.json(), { code: 'PERMISSION_DENIED', reason: 'password_wrong' })
    t.equal(refused.headers['www-authenticate'], undefined, 'the token is as good as before')
  }
  t.equal((await patch({ role: 'admin' })).statusCode, 400)
  await server.close()
})

await t.test('POST /me/password changes it and tells what ended', async (t) => {
  const { server, calls } = createTestHttp()
  const post = (payload: object) =>
    server.inject({ method: 'POST', url: '/me/password', headers: HEADERS, payload })
  const passwords = { currentPassword: 'correct-password', newPassword: 'battery staple' }
  t.same((await post(passwords)).json(), END_RESULT)
  t.match(calls, [['changePassword', { sessionId: 'session-1' }, passwords, '127.0.0.1']])
  t.equal((await post({ ...passwords, currentPassword: 'no' })).statusCode, 403)
  for (const wrong of [{}, { newPassword: 'x' }, { ...passwords, newPassword: 'x'.repeat(1025) }]) {
    t.equal((await post(wrong)).statusCode, 400)
  }
  t.equal(calls.length, 2)
  await server.close()
})

await t.test('a cookie alone changes no password from a foreign page', async (t) => {
  const { server, calls } = createTestHttp()
  const payload = { currentPassword: 'correct-password', newPassword: 'battery staple' }
  for (const headers of [
    {},
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
  ]) {
    const response = await server.inject({
      method: 'POST',
      url: '/me/password',
      headers: { cookie: '_at=access-1', ...headers },
      payload,
    })
    t.equal(response.statusCode, 403)
    t.match(response.json(), { reason: 'cross_site_request' })
  }
  t.same(calls, [])
  await server.close()
})
