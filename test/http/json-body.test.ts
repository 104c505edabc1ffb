import t from 'tap'
import { createTestServer } from '../helpers/http-fakes.js'

function createEcho() {
  const { server } = createTestServer({ options: { bodyBytesMax: 1024 } })
  server.post('/echo', (request, reply) => reply.send({ got: request.body ?? 'nothing' }))
  const post = async (payload: string | Buffer | undefined, type?: string) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const base = { method: 'POST', url: '/echo', headers } as const
    const response = await server.inject(payload === undefined ? base : { ...base, payload })
    const body = response.json<{ got?: unknown; reason?: string }>()
    return [response.statusCode, body.got ?? body.reason]
  }
  return { server, post }
}

await t.test('a JSON body is read', async (t) => {
  const { server, post } = createEcho()
  t.same(await post('{"a":"é"}', 'application/json'), [200, { a: 'é' }])
  t.same(await post('[1]', 'Application/JSON; charset=utf-8'), [200, [1]])
  t.same(await post('', 'application/json'), [200, 'nothing'])
  t.same(await post(undefined), [200, 'nothing'])
  await server.close()
})

await t.test('what is not JSON is refused', async (t) => {
  const { server, post } = createEcho()
  for (const body of [
    '{',
    '{"a":1',
    'a',
    "{'a':1}",
    '{"a":1}x',
    '\ufeff\ufeff{}',
    '[1,]',
    'NaN',
    '\0',
  ]) {
    t.same(await post(body, 'application/json'), [400, 'json_malformed'], JSON.stringify(body))
  }
  t.same(await post(Buffer.from([0x22, 0xff, 0x22]), 'application/json'), [400, 'json_malformed'])
  await server.close()
})

await t.test('members that would reach a prototype refuse the whole body', async (t) => {
  const { server, post } = createEcho()
  for (const body of [
    '{"__proto__":{"a":1}}',
    '{"b":{"__proto__":1}}',
    '{"constructor":{"prototype":{}}}',
    '{"\\u005f_proto__":1}',
  ]) {
    const [status] = await post(body, 'application/json')
    t.equal(status, 400, body)
  }
  await server.close()
})

await t.test('any other content type is 415, a body over the limit 413', async (t) => {
  const { server, post } = createEcho()
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'json',
    'application/',
    '*/*',
    ';',
    'application/json, text/plain',
  ]
  for (const type of types) {
    t.same(await post('{"a":1}', type), [415, 'unsupported_media_type'], type)
  }
  t.same(await post('{"a":1}'), [415, 'unsupported_media_type'], 'no type at all')
  t.same(await post(JSON.stringify('a'.repeat(1025)), 'application/json'), [413, 'too_large'])
  await server.close()
})
