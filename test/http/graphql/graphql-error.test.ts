import { GraphQLError } from 'graphql'
import t from 'tap'
import { AppError, INTERNAL_MESSAGE, invalidArgument } from '../../../src/errors/app-error.js'
import { ERROR_TABLE, type ErrorCode } from '../../../src/errors/code.js'
import {
  failureOf,
  formatExecutionError,
  formatFailure,
  formatRefusal,
  refusalOf,
  toGraphqlErrors,
} from '../../../src/http/graphql/graphql-error.js'

await t.test('every code of the table leaves under its GraphQL name', async (t) => {
  for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
    const formatted = formatFailure(new AppError(code, 'some_reason', 'A sentence.'), 'r1')
    t.strictSame(formatted, {
      message: 'A sentence.',
      extensions: { code: ERROR_TABLE[code].graphqlCode, reason: 'some_reason', requestId: 'r1' },
    })
  }
})

await t.test('details and the time to wait go along', async (t) => {
  const wrong = invalidArgument('Wrong.', [{ path: 'a', message: 'b' }])
  t.match(formatFailure(wrong, ''), { extensions: { details: [{ path: 'a', message: 'b' }] } })
  const busy = new AppError('UNAVAILABLE', 'store_busy', 'Wait.', { retryAfterSeconds: 2 })
  t.match(formatFailure(busy, ''), { extensions: { retryAfterSeconds: 2 } })
})

await t.test('what is no failure of ours is masked, with its place', async (t) => {
  const cause = new Error('select * from users')
  const error = new GraphQLError(cause.message, { path: ['user', 0], originalError: cause })
  const text = JSON.stringify(formatExecutionError(error, 'r1'))
  t.notMatch(text, /select/)
  t.match(JSON.parse(text), {
    message: INTERNAL_MESSAGE,
    path: ['user', 0],
    extensions: { code: 'INTERNAL_SERVER_ERROR', reason: 'internal', requestId: 'r1' },
  })
  t.equal(failureOf(error).cause, cause)
  t.equal(failureOf('thrown text').code, 'INTERNAL')
  const own = new AppError('NOT_FOUND', 'user_not_found', 'Nobody.')
  t.equal(failureOf(own), own)
  t.equal(failureOf(new GraphQLError('x', { originalError: own })), own)
})

await t.test('refusals keep their place in the text', async (t) => {
  const refusal = refusalOf(new GraphQLError('Cannot query field "x".'), 'query_invalid')
  t.match(formatRefusal([refusal], 'r1'), [
    { message: 'Cannot query field "x".', extensions: { reason: 'query_invalid' } },
  ])
  const [error] = toGraphqlErrors(formatRefusal([refusal], 'r1'))
  t.ok(error instanceof GraphQLError)
  t.equal(error?.extensions['reason'], 'query_invalid')
})

await t.test('a value never comes back in a message', async (t) => {
  for (const message of [
    'Variable "$password" got invalid value { secret: "hunter2" }; String cannot represent …',
    'String cannot represent a non string value: hunter2',
    'Int cannot represent non-integer value: "hunter2"',
  ]) {
    const { error } = refusalOf(new GraphQLError(message), 'variables_invalid')
    t.notMatch(error.message, /hunter2/, error.message)
  }
})
