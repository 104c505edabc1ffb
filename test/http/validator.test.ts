import t from 'tap'
import { createTestServer } from '../helpers/http-fakes.js'

const BODY = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name: { type: ['string', 'null'] }, age: { type: 'integer' } },
} as const
const QUERY = {
  type: 'object',
  required: ['n'],
  properties: { n: { type: 'integer', maximum: 9 }, flag: { type: 'boolean', default: false } },
} as const

function createProbe() {
  const { server } = createTestServer()
  server.post('/body', { schema: { body: BODY } }, (request, reply) => reply.send([request.body]))
  server.get('/query', { schema: { querystring: QUERY } }, (request, reply) =>
    reply.send([request.query]),
  )
  return server
}

interface Refusal {
  readonly reason: string
  readonly details: { path: string; message: string }[]
}

await t.test('bodies are taken as they are', async (t) => {
  const server = createProbe()
  const payload = { name: null, age: 3 }
  t.same((await server.inject({ method: 'POST', url: '/body', payload })).json(), [payload])
  await server.close()
})

await t.test(
  'bodies are neither coerced nor trimmed, and every wrong member is named',
  async (t) => {
    const server = createProbe()
    const post = async (payload: object | string): Promise<Refusal['details']> => {
      const headers = { 'content-type': 'application/json' }
      const response = await server.inject({ method: 'POST', url: '/body', headers, payload })
      t.equal(response.statusCode, 400)
      return response.json<Refusal>().details
    }
    t.same(await post({ name: 'a', age: '3', admin: true, root: 1 }), [
      { path: 'body.admin', message: 'is not a known member' },
      { path: 'body.root', message: 'is not a known member' },
      { path: 'body.age', message: 'must be integer' },
    ])
    t.same(await post({}), [{ path: 'body.name', message: 'is required' }])
    t.same(await post({ name: 5 }), [{ path: 'body.name', message: 'must be string,null' }])
    t.same(await post('null'), [{ path: 'body', message: 'must be object' }])
    t.same(await post('[]'), [{ path: 'body', message: 'must be object' }])
    await server.close()
  },
)

await t.test('a body with a crowd of members is refused as one', async (t) => {
  const server = createProbe()
  const payload = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`m${i}`, i]))
  const response = await server.inject({ method: 'POST', url: '/body', payload })
  t.same(response.json<Refusal>().details, [
    { path: 'body', message: 'must NOT have more than 64 members' },
  ])
  await server.close()
})

await t.test('query parameters are text: numbers and defaults are made of it', async (t) => {
  const server = createProbe()
  t.same((await server.inject('/query?n=7&other=x')).json(), [{ n: 7, flag: false, other: 'x' }])
  for (const query of ['', '?n=', '?n=x', '?n=10', '?n=1&n=2', '?n=1.5', '?n=1e999', '?n[]=1']) {
    const response = await server.inject(`/query${query}`)
    t.equal(response.statusCode, 400, query)
    t.match(response.json<Refusal>().details, [{ path: 'query.n' }], query)
  }
  await server.close()
})
