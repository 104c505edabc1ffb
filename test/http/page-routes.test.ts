import { join } from 'node:path'
import fastify from 'fastify'
import t from 'tap'
import { PAGE_POLICY, registerPage } from '../../src/http/page-routes.js'

await t.test('a page is its files, byte by byte, under its policy', async (t) => {
  const folder = t.testdir({ 'page.html': '<p>ü</p>' })
  const server = fastify()
  t.teardown(() => server.close())
  server.register(registerPage, {
    operation: 'page',
    contentSecurityPolicy: PAGE_POLICY,
    files: [{ url: '/page', file: join(folder, 'page.html'), type: 'text/html' }],
  })
  const answer = await server.inject('/page')
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '<p>ü</p>')
  t.match(answer.headers, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'public, max-age=300',
  })
  t.equal((await server.inject('/page/page.html')).statusCode, 404)
})

await t.test('a file that cannot be read keeps the server from starting', async (t) => {
  const server = fastify()
  t.teardown(() => server.close())
  server.register(registerPage, {
    operation: 'page',
    contentSecurityPolicy: PAGE_POLICY,
    files: [{ url: '/page', file: join(t.testdir(), 'none.html'), type: 'text/html' }],
  })
  await t.rejects(async () => server.ready(), { code: 'ENOENT', message: /none\.html/ })
})
