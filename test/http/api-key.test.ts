import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { createApiKeyGuard } from '../../src/http/api-key.js'
import { AppError } from '../../src/errors/app-error.js'
import { createTestServer } from '../helpers/http-fakes.js'

async function ask(
  apiKey: string,
  headers: Record<string, string>,
  acceptBearer = false,
): Promise<unknown> {
  const { server } = createTestServer()
  server.register((scope, _options, done) => {
    const preHandler = createApiKeyGuard(apiKey, { acceptBearer })
    scope.get('/guarded', { preHandler }, () => ({ passed: true }))
    done()
  })
  const response = await server.inject({ url: '/guarded', headers })
  await server.close()
  return response.statusCode === 200 ? 'passed' : response.json<{ reason: string }>().reason
}

await t.test('the guard lets the right key pass', async (t) => {
  t.equal(await ask('key', { 'x-api-key': 'key' }), 'passed')
  t.equal(await ask('key', { authorization: 'Bearer key' }, true), 'passed')
  t.equal(await ask('key', { authorization: 'bearer  key' }, true), 'passed')
})

await t.test('the guard refuses everything else', async (t) => {
  t.equal(await ask('key', {}), 'api_key_invalid')
  t.equal(await ask('key', { 'x-api-key': '' }), 'api_key_invalid')
  t.equal(await ask('key', { 'x-api-key': 'kez' }), 'api_key_invalid')
  t.equal(await ask('key', { 'x-api-key': 'key, key' }), 'api_key_invalid')
  t.equal(await ask('key', { authorization: 'Bearer key' }), 'api_key_invalid', 'bearer not taken')
  t.equal(await ask('key', { authorization: 'Basic key' }, true), 'api_key_invalid')
  t.equal(
    await ask('key', { 'x-api-key': 'no', authorization: 'Bearer key' }, true),
    'api_key_invalid',
  )
})

await t.test('without a configured key nobody passes', async (t) => {
  t.equal(await ask('', {}), 'api_key_invalid')
  t.equal(await ask('', { 'x-api-key': '' }), 'api_key_invalid')
})

await t.test('the refusal is UNAUTHENTICATED and does not repeat the key', (t) => {
  const guard = createApiKeyGuard('key')
  const request = { headers: { 'x-api-key': 'guess' } } as unknown as FastifyRequest
  guard.call(undefined, request, undefined as never, (error?: Error) => {
    t.ok(error instanceof AppError)
    t.match(error, { code: 'UNAUTHENTICATED', reason: 'api_key_invalid' })
    t.notMatch(error?.message, 'guess')
  })
  t.end()
})
