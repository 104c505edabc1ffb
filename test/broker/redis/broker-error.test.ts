import t from 'tap'
import { toBrokerError } from '../../../src/broker/redis/broker-error.js'
import { AppError } from '../../../src/errors/app-error.js'

await t.test('toBrokerError names the line that is down', async (t) => {
  const cause = new AppError('UNAVAILABLE', 'redis_unavailable', 'x', { retryAfterSeconds: 7 })
  t.match(toBrokerError(cause), {
    ...{ code: 'UNAVAILABLE', reason: 'broker_unavailable', retryAfterSeconds: 7, cause },
  })
  t.match(toBrokerError(new AppError('UNAVAILABLE', 'x', 'x')), { retryAfterSeconds: 1 })
  t.match(toBrokerError(new Error('a bug')), { code: 'INTERNAL', reason: 'internal' })
})
