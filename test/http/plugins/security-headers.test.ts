import fastifyHelmet from '@fastify/helmet'
import { fastify } from 'fastify'
import t from 'tap'
import { securityHeaders } from '../../../src/http/plugins/security-headers.js'
import { createTestHttp } from '../../helpers/http-fakes.js'

await t.test('every answer carries them, also the refusals', async (t) => {
  const { server } = createTestHttp({ options: { secureCookies: true } })
  for (const url of ['/hello', '/me', '/nothing', '/%zz', '/health/live']) {
    const { headers } = await server.inject(url)
    t.match(headers, securityHeaders(true), url)
    t.match(headers['x-request-id'], /^[0-9a-f-]{36}$/)
    t.equal(headers['x-powered-by'], undefined)
  }
  await server.close()
})

await t.test('only a secure answer insists on https', (t) => {
  t.match(securityHeaders(true)['strict-transport-security'], 'max-age=31536000')
  t.notOk('strict-transport-security' in securityHeaders(false))
  t.end()
})

await t.test('the values are those of helmet', async (t) => {
  const library = fastify()
  await library.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
  })
  library.get('/', () => '')
  const { headers } = await library.inject('/')
  const { 'cache-control': cacheControl, ...values } = securityHeaders(true)
  t.equal(cacheControl, 'no-store')
  t.match(headers, values)
  await library.close()
})
