import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { clientOf } from '../../../src/http/plugins/client.js'
import { createTestHttp } from '../../helpers/http-fakes.js'

await t.test('the first answer labels the browser, whatever it asks for', async (t) => {
  const { server } = createTestHttp()
  for (const url of ['/hello', '/me', '/grpc/hello?id=1', '/sessions']) {
    t.match((await server.inject(url)).headers['set-cookie'], /^_cid=client-\d\.mac; /, url)
  }
  await server.close()
})

await t.test(
  'a program with a Bearer token gets no label where its session says who it is',
  async (t) => {
    const { server } = createTestHttp()
    const headers = { authorization: 'Bearer access-1' }
    const me = await server.inject({ url: '/me', headers })
    t.equal(me.statusCode, 200)
    t.equal(me.headers['set-cookie'], undefined)
    const login = await server.inject({
      method: 'POST',
      url: '/auth/login',
      headers,
      payload: { username: 'alice', password: 'correct-password' },
    })
    t.match(login.headers['set-cookie'], /^_cid=/, 'a sign-in binds to the label, so it needs one')
    await server.close()
  },
)

await t.test('what caches keep carries no label', async (t) => {
  const { server } = createTestHttp()
  for (const url of [
    '/',
    '/openapi.json',
    '/.well-known/jwks.json',
    '/health/live',
    '/metrics',
    '/x',
  ]) {
    t.equal((await server.inject(url)).headers['set-cookie'], undefined, url)
  }
  await server.close()
})

await t.test('clientOf outside a labelling scope is a bug', (t) => {
  t.throws(() => clientOf({ client: null } as FastifyRequest), /not in a scope that labels/)
  t.end()
})
