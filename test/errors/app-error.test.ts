import t from 'tap'
import {
  AppError,
  INTERNAL_MESSAGE,
  invalidArgument,
  toAppError,
  unauthenticated,
} from '../../src/errors/app-error.js'

await t.test('an AppError keeps code, reason, message, details and cause', async (t) => {
  const cause = new Error('below')
  const error = new AppError('RESOURCE_EXHAUSTED', 'hashing_busy', 'Too many sign-ins.', {
    retryAfterSeconds: 1,
    cause,
  })
  t.match(error, {
    name: 'AppError',
    code: 'RESOURCE_EXHAUSTED',
    reason: 'hashing_busy',
    message: 'Too many sign-ins.',
    details: [],
    retryAfterSeconds: 1,
  })
  t.equal(error.cause, cause)
  t.equal(toAppError(error), error)
})

await t.test('anything else becomes INTERNAL and says nothing of its cause', async (t) => {
  for (const thrown of [new Error('SELECT secret'), 'text', null, undefined, 7]) {
    const error = toAppError(thrown)
    t.match(error, { code: 'INTERNAL', reason: 'internal', message: INTERNAL_MESSAGE })
    t.notMatch(JSON.stringify(error), /SELECT/)
  }
})

await t.test('the shorthands set code and reason', async (t) => {
  const details = [{ path: 'body.username', message: 'Too short.' }]
  t.match(invalidArgument('Wrong.', details), {
    code: 'INVALID_ARGUMENT',
    reason: 'invalid_argument',
    details,
  })
  t.match(unauthenticated('token_expired', 'Expired.'), {
    code: 'UNAUTHENTICATED',
    reason: 'token_expired',
  })
})
