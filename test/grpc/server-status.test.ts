import t from 'tap'
import { AppError, INTERNAL_MESSAGE } from '../../src/errors/app-error.js'
import { ERROR_TABLE, type ErrorCode } from '../../src/errors/code.js'
import { toFailureStatus } from '../../src/grpc/server-status.js'

await t.test('failure status follows the table, with reason and request id', async (t) => {
  for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
    const status = toFailureStatus(new AppError(code, 'some_reason', 'A sentence.'), 'request-1')
    t.equal(status.code, ERROR_TABLE[code].grpcStatus, code)
    t.equal(status.details, code === 'INTERNAL' ? INTERNAL_MESSAGE : 'A sentence.')
    t.strictSame(status.metadata.get('reason'), ['some_reason'])
    t.strictSame(status.metadata.get('request-id'), ['request-1'])
  }
})

await t.test('failure status repairs text that cannot be sent', async (t) => {
  const status = toFailureStatus(new AppError('NOT_FOUND', 'gone', 'No \ud800 here.'), 'r')
  t.equal(status.details, 'No \ufffd here.')
  t.doesNotThrow(() => encodeURI(status.details))
})
