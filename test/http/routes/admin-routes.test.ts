import t from 'tap'
import { createTestHttp, END_RESULT } from '../../helpers/http-fakes.js'

const HEADERS = { authorization: 'Bearer admin' }
const ACTOR = { actorId: 'user-1', address: '127.0.0.1' }

await t.test('GET /admin/users is a page', async (t) => {
  const { server, calls } = createTestHttp()
  const plain = await server.inject({ url: '/admin/users', headers: HEADERS })
  t.match(plain.json(), { users: [{ id: 'user-1', username: 'alice' }], next: null })
  t.notMatch(plain.payload, /hash/i)
  await server.inject({ url: '/admin/users?limit=2&after=abc', headers: HEADERS })
  t.same(calls, [
    ['listUsers', { limit: 50 }],
    ['listUsers', { limit: 2, after: 'abc' }],
  ])
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'offset=1']) {
    const response = await server.inject({ url: `/admin/users?${query}`, headers: HEADERS })
    t.equal(response.statusCode, 400, query)
  }
  await server.close()
})

await t.test('GET /admin/users/:id/sessions lists the sessions of anybody', async (t) => {
  const { server } = createTestHttp()
  const found = await server.inject({ url: '/admin/users/user-1/sessions', headers: HEADERS })
  t.match(found.json(), { sessions: [{ id: 'session-1', current: false, connections: 2 }] })
  const absent = await server.inject({ url: '/admin/users/nobody/sessions', headers: HEADERS })
  t.equal(absent.statusCode, 404)
  t.match(absent.json(), { reason: 'user_not_found' })
  await server.close()
})

await t.test('PATCH /admin/users/:id changes an account and tells what ended', async (t) => {
  const { server, calls } = createTestHttp()
  const patch = (payload: object) =>
    server.inject({ method: 'PATCH', url: '/admin/users/user-1', headers: HEADERS, payload })
  const response = await patch({ state: 'frozen', email: null })
  t.equal(response.statusCode, 200)
  t.match(response.json(), { user: { state: 'frozen' }, end: END_RESULT })
  t.same(calls, [['updateUser', 'user-1', { state: 'frozen', email: null }, ACTOR]])
  for (const wrong of [
    {},
    { role: 'root' },
    { state: 'dead' },
    { passwordHash: 'x' },
    { id: 'y' },
  ]) {
    t.equal((await patch(wrong)).statusCode, 400, JSON.stringify(wrong))
  }
  t.equal(calls.length, 1)
  await server.close()
})

await t.test('DELETE /admin/users/:id deletes an account', async (t) => {
  const { server, calls } = createTestHttp()
  const remove = (id: string) =>
    server.inject({ method: 'DELETE', url: `/admin/users/${id}`, headers: HEADERS })
  t.same((await remove('user-1')).json(), END_RESULT)
  t.equal((await remove('nobody')).statusCode, 404)
  t.same(calls[0], ['deleteUser', 'user-1', ACTOR])
  await server.close()
})

await t.test('sessions end by user, by client, by id and by key', async (t) => {
  const { server, calls } = createTestHttp()
  const urls = [
    '/admin/users/user-1/sessions',
    '/admin/users/user-1/sessions?clientId=client-1',
    '/admin/sessions/session-1',
    '/admin/keys/k1/sessions',
  ]
  for (const url of urls) {
    const response = await server.inject({ method: 'DELETE', url, headers: HEADERS })
    t.same(response.json(), END_RESULT, url)
  }
  t.same(calls, [
    ['endAsAdmin', { userId: 'user-1' }, ACTOR],
    ['endAsAdmin', { userId: 'user-1', clientId: 'client-1' }, ACTOR],
    ['endAsAdmin', { sessionId: 'session-1' }, ACTOR],
    ['endAsAdmin', { keyId: 'k1' }, ACTOR],
  ])
  const typo = '/admin/users/user-1/sessions?clientid=client-1'
  const response = await server.inject({ method: 'DELETE', url: typo, headers: HEADERS })
  t.equal(response.statusCode, 400, 'a mistyped filter does not end more than was meant')
  t.equal(calls.length, 4)
  await server.close()
})

await t.test('POST /admin/users/:id/password_reset makes a link', async (t) => {
  const { server, calls } = createTestHttp()
  const url = '/admin/users/user-1/password_reset'
  const response = await server.inject({ method: 'POST', url, headers: HEADERS })
  t.equal(response.statusCode, 201)
  t.same(response.json(), { token: 'reset-1', link: null, expiresAt: '2026-01-02T00:00:00.000Z' })
  t.same(calls, [['createResetLink', 'user-1', ACTOR]])
  await server.close()
})

await t.test('GET /admin/audit reads the log, filtered', async (t) => {
  const { server, calls } = createTestHttp()
  const plain = await server.inject({ url: '/admin/audit', headers: HEADERS })
  t.same(plain.json(), {
    events: [
      {
        id: 7,
        type: 'user.frozen',
        at: '2026-01-01T00:00:00.000Z',
        actorId: null,
        userId: 'user-1',
        sessionId: null,
        address: '127.0.0.1',
        data: { note: 'x', count: 1, done: true },
      },
    ],
    next: 7,
  })
  const query = 'userId=u&type=login.failed&since=2026-01-01T00:00:00Z&before=9&limit=3'
  await server.inject({ url: `/admin/audit?${query}`, headers: HEADERS })
  const since = Date.UTC(2026, 0, 1)
  t.same(calls, [
    ['listAudit', { limit: 50 }],
    ['listAudit', { userId: 'u', type: 'login.failed', since, before: 9, limit: 3 }],
  ])
  for (const wrong of ['type=odd', 'since=yesterday', 'before=0', 'limit=201', 'user=u']) {
    const response = await server.inject({ url: `/admin/audit?${wrong}`, headers: HEADERS })
    t.equal(response.statusCode, 400, wrong)
  }
  await server.close()
})
