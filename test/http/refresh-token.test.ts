import t from 'tap'
import { SESSION_END_REASONS, sessionOver } from '../../src/domain/session.js'
import { AppError, unauthenticated } from '../../src/errors/app-error.js'
import { chooseRefreshToken, isSessionOver } from '../../src/http/refresh-token.js'

await t.test('chooseRefreshToken takes the one that came', (t) => {
  t.same(chooseRefreshToken('a', null), { token: 'a', fromCookie: false })
  t.same(chooseRefreshToken(undefined, 'b'), { token: 'b', fromCookie: true })
  t.same(chooseRefreshToken('a', 'a'), { token: 'a', fromCookie: true })
  t.end()
})

await t.test('chooseRefreshToken refuses two and none', (t) => {
  t.throws(() => chooseRefreshToken('a', 'b'), {
    code: 'INVALID_ARGUMENT',
    reason: 'credentials_ambiguous',
  })
  t.throws(() => chooseRefreshToken(undefined, null), {
    code: 'UNAUTHENTICATED',
    reason: 'credentials_missing',
  })
  t.end()
})

await t.test('isSessionOver knows the end of a session from a refusal in passing', (t) => {
  for (const reason of SESSION_END_REASONS)
    t.equal(isSessionOver(sessionOver(reason)), true, reason)
  t.equal(isSessionOver(sessionOver(null)), true)
  t.equal(isSessionOver(unauthenticated('token_expired', '')), false)
  t.equal(isSessionOver(new AppError('UNAVAILABLE', 'expired', '')), false)
  t.equal(isSessionOver(new Error('bug')), false)
  t.end()
})
