import { Ajv } from 'ajv'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { INTERNAL_MESSAGE } from '../../../src/errors/app-error.js'
import { PROBLEM_SCHEMA } from '../../../src/http/schemas/problem-schema.js'
import { createTestHttp, createTestServer } from '../../helpers/http-fakes.js'

const isProblem = new Ajv().compile(PROBLEM_SCHEMA)
const JSON_TYPE = { 'content-type': 'application/json' }

await t.test('every failure is a problem document with the status of the table', async (t) => {
  const { server } = createTestHttp()
  const post = (url: string, payload: object | string, headers = JSON_TYPE): InjectOptions => ({
    method: 'POST',
    url,
    payload,
    headers,
  })
  const table: readonly (readonly [InjectOptions, number, string, string])[] = [
    [{ url: '/nothing' }, 404, 'NOT_FOUND', 'route_not_found'],
    [{ url: '/hello', method: 'PUT' }, 404, 'NOT_FOUND', 'route_not_found'],
    [{ url: '//hello' }, 404, 'NOT_FOUND', 'route_not_found'],
    [{ url: '/hello/' }, 404, 'NOT_FOUND', 'route_not_found'],
    [{ url: '/HELLO' }, 404, 'NOT_FOUND', 'route_not_found'],
    [{ url: '/%zz' }, 400, 'INVALID_ARGUMENT', 'url_malformed'],
    [
      { url: `/sessions/${'a'.repeat(200)}`, method: 'DELETE' },
      404,
      'NOT_FOUND',
      'route_not_found',
    ],
    [{ url: '/me' }, 401, 'UNAUTHENTICATED', 'credentials_missing'],
    [{ url: '/grpc/hello?id=x' }, 400, 'INVALID_ARGUMENT', 'invalid_argument'],
    [post('/auth/login', '{'), 400, 'INVALID_ARGUMENT', 'json_malformed'],
    [
      post('/auth/login', '{}', { 'content-type': 'text/plain' }),
      415,
      'INVALID_ARGUMENT',
      'unsupported_media_type',
    ],
    [post('/auth/login', { a: 'a'.repeat(70_000) }), 413, 'RESOURCE_EXHAUSTED', 'too_large'],
    [
      post('/auth/login', { username: 'a', password: 'b' }),
      401,
      'UNAUTHENTICATED',
      'credentials_invalid',
    ],
    [
      post('/auth/register', { username: 'taken', password: 'b' }),
      409,
      'ALREADY_EXISTS',
      'username_taken',
    ],
    [post('/auth/register', { username: 'bug', password: 'b' }), 500, 'INTERNAL', 'internal'],
  ]
  for (const [options, status, code, reason] of table) {
    const response = await server.inject(options)
    const name = `${options.method ?? 'GET'} ${JSON.stringify(options.url).slice(0, 30)}`
    t.equal(response.statusCode, status, name)
    t.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8', name)
    t.equal(response.headers['cache-control'], 'no-store', name)
    const problem: unknown = response.json()
    t.ok(isProblem(problem), name)
    const requestId = response.headers['x-request-id']
    t.match(problem, { status, code, reason, requestId }, name)
  }
  await server.close()
})

await t.test('a bug says nothing about itself, on the wire; the log has its cause', async (t) => {
  const { server, lines } = createTestHttp()
  const payload = { username: 'bug', password: 'hunter22' }
  const response = await server.inject({ method: 'POST', url: '/auth/register', payload })
  t.equal(response.json<{ detail: string }>().detail, INTERNAL_MESSAGE)
  t.notMatch(response.payload, 'secret_table')
  t.match(lines.at(-1), { level: 50, code: 'INTERNAL', err: { message: /secret_table/ } })
  t.notMatch(JSON.stringify(lines), 'hunter22')
  await server.close()
})

await t.test(
  'handlers that throw at once, or answer with what cannot be serialised, are covered',
  async (t) => {
    const { server } = createTestServer()
    server.get('/sync', () => {
      throw new Error('at once')
    })
    server.get(
      '/shape',
      {
        schema: {
          response: {
            200: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
          },
        },
      },
      () => ({ b: 1 }),
    )
    for (const url of ['/sync', '/shape']) {
      const response = await server.inject(url)
      t.equal(response.statusCode, 500, url)
      t.match(
        response.json(),
        { code: 'INTERNAL', reason: 'internal', detail: INTERNAL_MESSAGE },
        url,
      )
    }
    await server.close()
  },
)
