import type { ServiceError } from '@grpc/grpc-js'
import t from 'tap'
import { AppError, INTERNAL_MESSAGE } from '../../src/errors/app-error.js'
import { ERROR_TABLE, type ErrorCode } from '../../src/errors/code.js'
import { fromServiceError } from '../../src/grpc/client-status.js'
import { metadataOf, type Metadatum } from './harness.js'

function serviceError(code: number, entries: readonly Metadatum[] = []): ServiceError {
  const details = 'connect ECONNREFUSED 10.0.0.1 /etc/secret'
  return Object.assign(new Error(details), { code, details, metadata: metadataOf(entries) })
}

await t.test('service error becomes the code of the table and keeps its reason', async (t) => {
  for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
    const cause = serviceError(ERROR_TABLE[code].grpcStatus, [['reason', 'their_reason']])
    const error = fromServiceError(cause, true)
    t.ok(error instanceof AppError)
    t.equal(error.code, code)
    t.equal(error.reason, 'their_reason')
    t.equal(error.cause, cause)
    const passes = code === 'INVALID_ARGUMENT'
    t.equal(error.message.includes('ECONNREFUSED'), passes, `text of ${code}`)
  }
})

await t.test('service error outside the closed set becomes INTERNAL', async (t) => {
  for (const status of [2, 11, 15, 99]) {
    const error = fromServiceError(serviceError(status), true)
    t.match(error, { code: 'INTERNAL', reason: 'grpc_internal', message: INTERNAL_MESSAGE })
  }
})

await t.test('service error without a usable reason gets one from its code', async (t) => {
  t.equal(fromServiceError(serviceError(5), true).reason, 'grpc_not_found')
  const odd = serviceError(5, [['reason', 'Not A Reason']])
  t.equal(fromServiceError(odd, true).reason, 'grpc_not_found')
})

await t.test('service error of a deadline without connection is UNAVAILABLE', async (t) => {
  t.match(fromServiceError(serviceError(4), true), {
    code: 'DEADLINE_EXCEEDED',
    message: 'The gRPC service did not answer in time.',
  })
  t.match(fromServiceError(serviceError(4), false), {
    code: 'UNAVAILABLE',
    reason: 'grpc_unavailable',
    message: 'The gRPC service cannot be reached.',
  })
})

await t.test('service error of INVALID_ARGUMENT without text still has a message', async (t) => {
  const silent = Object.assign(serviceError(3), { details: '' })
  t.equal(fromServiceError(silent, true).message, 'The gRPC service refused the input.')
})
