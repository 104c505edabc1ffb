import t from 'tap'
import {
  answerInvalid,
  misconfigured,
  withProvider,
} from '../../../src/auth/oauth/provider-error.js'
import { providerUnavailable } from '../../../src/auth/oauth/provider-fetch.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'

function libraryError(code: string, members: object = {}): Error {
  return Object.assign(new Error('a constant text'), { code }, members)
}

async function errorOf(thrown: unknown) {
  const logger = createMemoryLogger()
  const failing = withProvider({ name: 'x', logger }, () => Promise.reject(thrown as Error))
  const error = await failing.catch((mapped: unknown) => mapped)
  return { error, line: logger.lines[0] }
}

await t.test('withProvider gives the result of a step that succeeds', async (t) => {
  const logger = createMemoryLogger()
  t.equal(await withProvider({ name: 'x', logger }, () => Promise.resolve(1)), 1)
  t.strictSame(logger.lines, [])
})

await t.test(
  'withProvider finds our own error under what the library wraps around it',
  async (t) => {
    const own = providerUnavailable(new Error('the answer of the provider is too large'))
    const { error, line } = await errorOf(
      libraryError('OAUTH_X', { cause: new Error('y', { cause: own }) }),
    )
    t.match(error, { code: 'UNAVAILABLE', reason: 'provider_unavailable' })
    t.match(line, { fields: { problem: 'the answer of the provider is too large' } })
    t.match((await errorOf(misconfigured('why'))).error, { reason: 'provider_misconfigured' })
    t.match((await errorOf(answerInvalid('why'))).line, { fields: { problem: 'why' } })
  },
)

await t.test('withProvider tells the codes of RFC 6749 apart', async (t) => {
  const of = async (error: string) =>
    (
      (await errorOf(libraryError('OAUTH_AUTHORIZATION_RESPONSE_ERROR', { error }))).error as {
        reason: string
      }
    ).reason
  t.equal(await of('access_denied'), 'provider_denied')
  t.equal(await of('consent_required'), 'provider_denied')
  t.equal(await of('server_error'), 'provider_unavailable')
  t.equal(await of('unauthorized_client'), 'provider_refused')
  t.equal(await of(''), 'provider_refused')
  const body = libraryError('OAUTH_RESPONSE_BODY_ERROR', { error: 'invalid_grant' })
  t.match(await errorOf(body), {
    error: { reason: 'provider_refused' },
    line: { level: 'warn', fields: { problem: 'a constant text: invalid_grant' } },
  })
  const denied = libraryError('OAUTH_AUTHORIZATION_RESPONSE_ERROR', { error: 'access_denied' })
  t.match((await errorOf(denied)).line, { level: 'debug' })
})

await t.test('withProvider lets nothing of an answer through', async (t) => {
  const secrets = { error: 'SECRET ERROR', error_description: 'SECRET', cause: { token: 'SECRET' } }
  for (const thrown of [
    libraryError('OAUTH_INVALID_RESPONSE', secrets),
    libraryError('OAUTH_AUTHORIZATION_RESPONSE_ERROR', secrets),
    libraryError('OAUTH_WWW_AUTHENTICATE_CHALLENGE', secrets),
    new SyntaxError('Unexpected token S in JSON: SECRET'),
    'SECRET',
    null,
  ]) {
    const { error, line } = await errorOf(thrown)
    t.ok(error instanceof Error)
    const { message, cause } = error as Error
    t.notMatch(
      JSON.stringify([message, line, String(cause), Object.entries(error as object)]),
      /SECRET/,
    )
  }
})
