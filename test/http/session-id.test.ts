import t from 'tap'
import { createTestHttp } from '../helpers/http-fakes.js'

const LOGIN = { username: 'alice', password: 'correct-password' }
const COOKIE = '_cid=client-1.mac'

async function login(headers: Record<string, string>, more: object = {}) {
  const { server, calls } = createTestHttp()
  const response = await server.inject({
    ...{ method: 'POST', url: '/auth/login', headers, payload: { ...LOGIN, ...more } },
  })
  await server.close()
  return { response, client: calls[0]?.[2] as { reach?: unknown } | undefined }
}

await t.test('a sign-in belongs to the tab that says which it is', async (t) => {
  const { response, client } = await login({ cookie: COOKIE, 'session-id': 'tab-1' })
  t.equal(response.statusCode, 200)
  t.strictSame(client?.reach, { kind: 'tab', tabId: 'tab-1' })
})

await t.test(
  'with cookies it belongs to the browser, without either to nobody known',
  async (t) => {
    const headers = { cookie: COOKIE, 'session-id': 'tab-1' }
    t.strictSame((await login(headers, { useCookies: true })).client?.reach, { kind: 'browser' })
    t.equal((await login({ cookie: COOKIE })).client?.reach, undefined)
    t.equal((await login({ cookie: COOKIE, 'session-id': '' })).client?.reach, undefined)
  },
)

await t.test('a forged, foreign or doubled token refuses the sign-in', async (t) => {
  for (const [headers, status, reason] of [
    [{ cookie: COOKIE, 'session-id': 'forged' }, 401, 'token_malformed'],
    [{ cookie: '_cid=client-2.mac', 'session-id': 'tab-1' }, 403, 'tab_foreign'],
    [{ cookie: COOKIE, 'session-id': 'tab-1, tab-2' }, 400, 'credentials_ambiguous'],
  ] as const) {
    const { response, client } = await login(headers)
    t.match(response.json(), { status, reason })
    t.equal(client, undefined, 'nobody signed in')
  }
})
