import { Ajv } from 'ajv'
import t from 'tap'
import { AppError, toAppError, unauthenticated } from '../../src/errors/app-error.js'
import { ERROR_TABLE, type ErrorCode } from '../../src/errors/code.js'
import { problemHeaders, problemStatusOf, writeProblem } from '../../src/http/problem.js'
import { PROBLEM_SCHEMA } from '../../src/http/schemas/problem-schema.js'

const isProblem = new Ajv().compile(PROBLEM_SCHEMA)

await t.test('writeProblem writes the document of every code', (t) => {
  for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
    const error = new AppError(code, 'some_reason', 'A sentence.', {
      details: [{ path: 'body.a', message: 'is wrong' }],
    })
    const problem: unknown = JSON.parse(writeProblem(error, 'id-1'))
    t.ok(isProblem(problem), code)
    t.match(problem, {
      type: 'about:blank',
      status: ERROR_TABLE[code].httpStatus,
      title: /^[A-Z][A-Za-z ]+$/,
      detail: 'A sentence.',
      code,
      reason: 'some_reason',
      requestId: 'id-1',
      details: [{ path: 'body.a', message: 'is wrong' }],
    })
  }
  t.end()
})

await t.test('writeProblem lets no cause and no stack out', (t) => {
  const text = writeProblem(toAppError(new Error('select password from users')), 'id-1')
  t.notMatch(text, 'select')
  t.notMatch(text, 'stack')
  t.match(text, 'Something went wrong on our side.')
  t.end()
})

await t.test('problemStatusOf knows the statuses that only HTTP has', (t) => {
  const statusOf = (code: ErrorCode, reason: string) =>
    problemStatusOf(new AppError(code, reason, ''))
  t.equal(statusOf('RESOURCE_EXHAUSTED', 'too_large'), 413)
  t.equal(statusOf('RESOURCE_EXHAUSTED', 'headers_too_large'), 431)
  t.equal(statusOf('INVALID_ARGUMENT', 'unsupported_media_type'), 415)
  t.equal(statusOf('DEADLINE_EXCEEDED', 'request_timeout'), 408)
  t.equal(statusOf('RESOURCE_EXHAUSTED', 'hashing_busy'), 429)
  t.end()
})

await t.test('problemHeaders say how to authenticate and when to come back', (t) => {
  t.same(problemHeaders(unauthenticated('token_expired', '')), {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'www-authenticate': 'Bearer error="invalid_token"',
  })
  for (const reason of ['credentials_missing', 'credentials_invalid', 'api_key_invalid']) {
    t.equal(problemHeaders(unauthenticated(reason, ''))['www-authenticate'], 'Bearer', reason)
  }
  const retry = (retryAfterSeconds: number) =>
    problemHeaders(new AppError('RESOURCE_EXHAUSTED', 'x', '', { retryAfterSeconds }))[
      'retry-after'
    ]
  t.same([retry(30), retry(0.2), retry(-1)], ['30', '1', '0'])
  t.notOk('retry-after' in problemHeaders(new AppError('NOT_FOUND', 'x', '')))
  t.end()
})
