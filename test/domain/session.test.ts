import t from 'tap'
import { SESSION_END_REASONS, sessionOver } from '../../src/domain/session.js'

await t.test('a session that is over says why on every transport', async (t) => {
  for (const reason of SESSION_END_REASONS) {
    const error = sessionOver(reason)
    t.match(error, { code: 'UNAUTHENTICATED', reason })
    t.match(error.message, /\.$/)
  }
  t.match(sessionOver('signed_in_elsewhere'), { message: 'Signed in on another device.' })
  t.match(sessionOver(null), {
    code: 'UNAUTHENTICATED',
    reason: 'session_not_found',
    message: 'This session is over; sign in again.',
  })
})
