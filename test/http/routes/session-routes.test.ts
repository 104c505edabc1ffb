import t from 'tap'
import { createTestHttp, END_RESULT } from '../../helpers/http-fakes.js'

const HEADERS = { authorization: 'Bearer access-1' }

await t.test('GET /sessions lists the own sessions', async (t) => {
  const { server, calls } = createTestHttp()
  const response = await server.inject({ url: '/sessions', headers: HEADERS })
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    sessions: [
      {
        id: 'session-1',
        clientId: 'client-1',
        method: 'password',
        userAgent: 'test',
        address: '127.0.0.1',
        createdAt: '2026-01-01T00:00:00.000Z',
        lastSeenAt: '2026-01-02T00:00:00.000Z',
        expiresAt: '2026-01-31T00:00:00.000Z',
        current: true,
        connections: 2,
      },
    ],
  })
  t.match(calls, [['list', { sessionId: 'session-1', userId: 'user-1' }]])
  await server.close()
})

await t.test('DELETE /sessions/:id ends one and says what that did', async (t) => {
  const { server, calls } = createTestHttp()
  const end = (id: string) =>
    server.inject({ method: 'DELETE', url: `/sessions/${id}`, headers: HEADERS })
  const response = await end('session-1')
  t.equal(response.statusCode, 200)
  t.same(response.json(), END_RESULT)
  t.match(calls, [['end', { sessionId: 'session-1' }, 'session-1']])
  t.match((await end('session-7')).json(), { status: 404, reason: 'session_not_found' })
  t.match((await end('%00')).json(), { status: 404, reason: 'session_not_found' })
  await server.close()
})

await t.test('DELETE /sessions ends the others', async (t) => {
  const { server, calls } = createTestHttp()
  // Some clients announce a body that they then leave out.
  const headers = { ...HEADERS, 'content-type': 'application/json' }
  const response = await server.inject({ method: 'DELETE', url: '/sessions', headers })
  t.equal(response.statusCode, 200)
  t.same(response.json(), END_RESULT)
  t.match(calls, [['endOthers', { sessionId: 'session-1' }]])
  await server.close()
})

await t.test('DELETE /sessions?clientId= ends one browser, and a typo ends nothing', async (t) => {
  const { server, calls } = createTestHttp()
  const remove = (query: string) =>
    server.inject({ method: 'DELETE', url: `/sessions${query}`, headers: HEADERS })
  t.same((await remove('?clientId=client-1')).json(), END_RESULT)
  t.match(calls, [['endClient', { sessionId: 'session-1' }, 'client-1']])
  for (const query of ['?clientid=client-1', '?clientId=', '?clientId=a&clientId=b', '?all=1']) {
    t.equal((await remove(query)).statusCode, 400, query)
  }
  t.equal(calls.length, 1)
  await server.close()
})
