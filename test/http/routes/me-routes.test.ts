import t from 'tap'
import { createTestHttp } from '../../helpers/http-fakes.js'

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
