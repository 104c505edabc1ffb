import t from 'tap'
import { actorOf } from '../../../src/http/plugins/admin.js'
import { createTestHttp } from '../../helpers/http-fakes.js'

const ROUTES = [
  ['GET', '/admin/users'],
  ['GET', '/admin/users/user-1/sessions'],
  ['PATCH', '/admin/users/user-1'],
  ['DELETE', '/admin/users/user-1'],
  ['DELETE', '/admin/users/user-1/sessions'],
  ['POST', '/admin/users/user-1/password_reset'],
  ['DELETE', '/admin/sessions/session-1'],
  ['DELETE', '/admin/keys/k1/sessions'],
  ['GET', '/admin/audit'],
] as const

await t.test(
  'who is no administrator gets 403 from every route, before the body is read',
  async (t) => {
    const { server, calls } = createTestHttp()
    for (const [method, url] of ROUTES) {
      const headers = { authorization: 'Bearer access-1', 'content-type': 'text/plain' }
      const response = await server.inject({ method, url, headers, payload: 'x' })
      t.equal(response.statusCode, 403, `${method} ${url}`)
      t.match(response.json(), { code: 'PERMISSION_DENIED', reason: 'admin_required' })
    }
    t.same(calls, [])
    await server.close()
  },
)

await t.test('the list above is every route below /admin', async (t) => {
  const found: string[] = []
  const { server } = createTestHttp({
    prepare: (prepared) => {
      prepared.addHook('onRoute', ({ method, url }) => {
        if (url.startsWith('/admin') && method !== 'HEAD') found.push(`${String(method)} ${url}`)
      })
    },
  })
  await server.ready()
  const params = (url: string) => url.replace(/\/(user-1|session-1|k1)/, '/:id')
  t.same(new Set(found), new Set(ROUTES.map(([method, url]) => `${method} ${params(url)}`)))
  await server.close()
})

await t.test('actorOf needs a guarded scope', (t) => {
  t.throws(() => actorOf({ principal: null } as Parameters<typeof actorOf>[0]), {
    message: 'the route is not in a guarded scope',
  })
  t.end()
})
