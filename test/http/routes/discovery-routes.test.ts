import { join } from 'node:path'
import t from 'tap'
import { createTestHttp } from '../../helpers/http-fakes.js'

await t.test('the index names the rest', async (t) => {
  const { server } = createTestHttp()
  const response = await server.inject('/')
  t.equal(response.statusCode, 200)
  const index = response.json<Record<string, string>>()
  t.equal(index['name'], 'gatehouse')
  for (const name of ['openapi', 'health', 'keys']) {
    t.equal((await server.inject(index[name] ?? '')).statusCode, 200, name)
  }
  await server.close()
})

await t.test('the key set is public, cacheable and free of private members', async (t) => {
  const { server } = createTestHttp()
  const response = await server.inject('/.well-known/jwks.json')
  t.same(response.json(), { keys: [{ kty: 'RSA', kid: 'k1', n: 'AQAB', e: 'AQAB' }] })
  t.equal(response.headers['cache-control'], 'public, max-age=300')
  await server.close()
})

await t.test('a cache that has the key set is told so until the keys change', async (t) => {
  let keys = [{ kty: 'RSA', kid: 'k1' }]
  let set = { keys }
  const publicKeys = { publicKeySet: () => set }
  const { server } = createTestHttp({ routesDeps: { publicKeys } })
  const get = (tag?: string) =>
    server.inject({
      url: '/.well-known/jwks.json',
      headers: tag === undefined ? {} : { 'if-none-match': tag },
    })
  const tag = String((await get()).headers.etag)
  t.match(tag, /^"[\w-]{43}"$/)
  for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
    const same = await get(known)
    t.equal(same.statusCode, 304, known)
    t.equal(same.payload, '')
    t.equal(same.headers.etag, tag)
    t.equal(same.headers['cache-control'], 'public, max-age=300')
  }
  t.equal((await get('"other"')).statusCode, 200)
  set = { keys: [...keys] }
  t.equal((await get(tag)).statusCode, 304, 'read anew, but the same keys')
  keys = [...keys, { kty: 'RSA', kid: 'k2' }]
  set = { keys }
  const changed = await get(tag)
  t.equal(changed.statusCode, 200)
  t.not(changed.headers.etag, tag)
  t.match(changed.json(), { keys: [{ kid: 'k1' }, { kid: 'k2' }] })
  await server.close()
})

await t.test('the document is the file, byte for byte', async (t) => {
  const text = '{ "openapi": "3.1.0" }\n'
  const dir = t.testdir({ 'openapi.json': text })
  const { server } = createTestHttp({ routesDeps: { openapiFile: join(dir, 'openapi.json') } })
  const response = await server.inject('/openapi.json')
  t.equal(response.payload, text)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  await server.close()
})

await t.test('without a document neither its path nor a word of it is served', async (t) => {
  const { server } = createTestHttp({ routesDeps: { openapiFile: null } })
  const document = await server.inject('/openapi.json')
  t.equal(document.statusCode, 404)
  t.match(document.json(), { code: 'NOT_FOUND' })
  const index = await server.inject('/')
  t.same(index.json(), {
    name: 'gatehouse',
    health: '/health/ready',
    keys: '/.well-known/jwks.json',
  })
  await server.close()
})

await t.test('a document that is not there fails the start', async (t) => {
  const { server } = createTestHttp({ routesDeps: { openapiFile: join(t.testdir(), 'none.json') } })
  await t.rejects(async () => server.ready(), { code: 'ENOENT' })
  await server.close()
})
