import t from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import { guardSessions, guardValues } from '../../../src/repository/redis/store-error.js'

for (const [reason, guard] of [
  ['session_store_unavailable', guardSessions],
  ['store_unavailable', guardValues],
] as const) {
  await t.test(`guard lets only errors of the closed set out: ${reason}`, async (t) => {
    t.equal(await guard(async () => 1), 1)
    const cause = new AppError('UNAVAILABLE', 'redis_unavailable', 'down')
    await t.rejects(
      guard(() => Promise.reject(cause)),
      { code: 'UNAVAILABLE', reason, retryAfterSeconds: 1, cause },
    )
    await t.rejects(
      guard(() => Promise.reject(new Error('WRONGTYPE'))),
      { code: 'INTERNAL', reason: 'internal' },
    )
  })
}
