import t from 'tap'
import { AppError, INTERNAL_MESSAGE, unauthenticated } from '../../../../src/errors/app-error.js'
import { type ErrorCode, ERROR_TABLE } from '../../../../src/errors/code.js'
import {
  DISCONNECTS,
  disconnectOf,
  REPLY_ERRORS,
  ReplyFailure,
  replyErrorOf,
  UNSUBSCRIBES,
} from '../../../../src/socket/protocols/centrifuge/code.js'

/** What the published clients do (https://centrifugal.dev/docs/server/codes). */
const reconnects = (code: number): boolean =>
  code < 3500 || (code >= 4000 && code < 4500) || code >= 5000

await t.test(
  'clients come back after what passes, and stay away after what does not',
  async (t) => {
    const { shutdown, serverError, expired, slow, insufficientState, moved, noPong } = DISCONNECTS
    for (const { code } of [
      shutdown,
      serverError,
      expired,
      slow,
      insufficientState,
      moved,
      noPong,
    ]) {
      t.ok(reconnects(code), String(code))
    }
    t.ok(reconnects(DISCONNECTS.rateLimited.code))
    const { invalidToken, badRequest, stale, forced, connectionLimit, sessionEnded } = DISCONNECTS
    for (const { code } of [
      invalidToken,
      badRequest,
      stale,
      forced,
      connectionLimit,
      sessionEnded,
    ]) {
      t.notOk(reconnects(code), String(code))
    }
    t.ok(UNSUBSCRIBES.server.code < 2500)
    t.ok(UNSUBSCRIBES.insufficientState.code >= 2500 && UNSUBSCRIBES.expired.code >= 2500)
  },
)

await t.test(
  'every failure has an error for replies, and a bug says nothing of itself',
  async (t) => {
    const codes: Record<ErrorCode, number> = {
      INVALID_ARGUMENT: 107,
      UNAUTHENTICATED: 101,
      PERMISSION_DENIED: 103,
      NOT_FOUND: 102,
      ALREADY_EXISTS: 105,
      ABORTED: 100,
      FAILED_PRECONDITION: 108,
      RESOURCE_EXHAUSTED: 111,
      DEADLINE_EXCEEDED: 100,
      CANCELLED: 100,
      UNIMPLEMENTED: 104,
      UNAVAILABLE: 100,
      INTERNAL: 100,
    }
    for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
      t.match(replyErrorOf(new AppError(code, 'r', 'the words')), {
        code: codes[code],
        message: 'the words',
      })
    }
    t.strictSame(replyErrorOf(new Error('secret')), REPLY_ERRORS.internal)
    t.strictSame(
      replyErrorOf(new AppError('INTERNAL', 'internal', INTERNAL_MESSAGE)),
      REPLY_ERRORS.internal,
    )
    t.match(replyErrorOf(unauthenticated('token_expired', 'Old.')), { code: 109 })
    t.match(replyErrorOf(new AppError('RESOURCE_EXHAUSTED', 'too_large', 'x')), { code: 106 })
    const failure = new ReplyFailure(REPLY_ERRORS.unrecoverablePosition)
    t.equal(replyErrorOf(failure), REPLY_ERRORS.unrecoverablePosition)
  },
)

await t.test('every cause has a disconnect', async (t) => {
  t.equal(disconnectOf('slow'), DISCONNECTS.slow)
  t.equal(disconnectOf('idle'), DISCONNECTS.noPong)
  t.equal(disconnectOf('rate_limited'), DISCONNECTS.rateLimited)
  t.equal(disconnectOf('shutdown'), DISCONNECTS.shutdown)
  const of = (code: ErrorCode, reason: string) => disconnectOf(new AppError(code, reason, 'x'))
  t.equal(of('UNAUTHENTICATED', 'token_malformed'), DISCONNECTS.invalidToken)
  t.strictSame(of('UNAUTHENTICATED', 'user_frozen'), { code: 4500, reason: 'user_frozen' })
  t.equal(of('INVALID_ARGUMENT', 'frame_malformed'), DISCONNECTS.badRequest)
  t.equal(of('PERMISSION_DENIED', 'x'), DISCONNECTS.badRequest)
  t.strictSame(of('RESOURCE_EXHAUSTED', 'too_many_connections'), {
    code: 4429,
    reason: 'too_many_connections',
  })
  t.equal(of('UNAVAILABLE', 'x'), DISCONNECTS.serverError)
  t.equal(disconnectOf(new Error('bug')), DISCONNECTS.serverError)
})
