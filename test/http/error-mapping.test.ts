import t from 'tap'
import { INTERNAL_MESSAGE, unauthenticated } from '../../src/errors/app-error.js'
import { invalidInput, mapHttpError } from '../../src/http/error-mapping.js'

function failure(members: object): Error {
  return Object.assign(new Error('secret detail'), members)
}

await t.test('mapHttpError leaves our own errors alone', (t) => {
  const error = unauthenticated('token_expired', 'Old.')
  t.equal(mapHttpError(error), error)
  t.end()
})

await t.test('mapHttpError knows what Fastify and its parsers raise', (t) => {
  const table = [
    ['FST_ERR_CTP_BODY_TOO_LARGE', 'RESOURCE_EXHAUSTED', 'too_large'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'INVALID_ARGUMENT', 'unsupported_media_type'],
    ['FST_ERR_CTP_EMPTY_TYPE', 'INVALID_ARGUMENT', 'unsupported_media_type'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 'INVALID_ARGUMENT', 'json_malformed'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'INVALID_ARGUMENT', 'request_malformed'],
    ['FST_ERR_BAD_URL', 'INVALID_ARGUMENT', 'url_malformed'],
    ['FST_ERR_MAX_PARAM_LENGTH', 'NOT_FOUND', 'route_not_found'],
    ['ECONNRESET', 'CANCELLED', 'client_closed'],
  ] as const
  for (const [raised, code, reason] of table) {
    const error = mapHttpError(failure({ code: raised }))
    t.match(error, { code, reason }, raised)
    t.notMatch(error.message, 'secret')
  }
  t.match(mapHttpError(failure({ statusCode: 400 })), {
    code: 'INVALID_ARGUMENT',
    reason: 'request_malformed',
    message: 'The request is malformed.',
  })
  t.end()
})

const INTERNAL = { code: 'INTERNAL', reason: 'internal', message: INTERNAL_MESSAGE }

await t.test('mapHttpError makes INTERNAL of everything else and keeps the cause', (t) => {
  for (const thrown of [
    failure({}),
    failure({ code: 'toString' }),
    failure({ statusCode: 502 }),
    'text',
    null,
  ]) {
    const error = mapHttpError(thrown)
    t.match({ ...error, message: error.message }, INTERNAL)
    t.equal(error.cause, thrown)
  }
  t.end()
})

const BASE = { instancePath: '', schemaPath: '#', keyword: 'x', params: {} }

await t.test('mapHttpError names what a schema refuses', (t) => {
  const validation = [
    { ...BASE, params: { missingProperty: 'username' } },
    { ...BASE, params: { additionalProperty: 'admin' } },
    { ...BASE, instancePath: '/gender', params: { allowedValues: ['unknown', 'male'] } },
    { ...BASE, instancePath: '/a/b', message: 'must be string' },
    { ...BASE, instancePath: '/c' },
  ]
  const error = mapHttpError(failure({ validation, validationContext: 'body' }))
  t.match(error, { code: 'INVALID_ARGUMENT', reason: 'invalid_argument' })
  t.equal(error.message, 'body.username: is required.')
  t.same(error.details, [
    { path: 'body.username', message: 'is required' },
    { path: 'body.admin', message: 'is not a known member' },
    { path: 'body.gender', message: 'must be one of unknown, male' },
    { path: 'body.a.b', message: 'must be string' },
    { path: 'body.c', message: 'is not acceptable' },
  ])
  t.same(
    mapHttpError(failure({ validation: validation.slice(0, 1) })).details[0]?.path,
    'body.username',
  )
  t.end()
})

await t.test('invalidInput bounds what it repeats', (t) => {
  const long = { ...BASE, params: { additionalProperty: 'x'.repeat(10_000) } }
  const error = invalidInput(Array<typeof long>(100).fill(long), 'querystring')
  t.equal(error.details.length, 20)
  t.ok(error.details.every(({ path }) => path.startsWith('query.x') && path.length <= 129))
  t.equal(invalidInput([], 'params').message, 'The input is not acceptable.')
  t.end()
})
