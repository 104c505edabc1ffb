import t from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import { guard } from '../../../src/repository/redis/store-error.js'

await t.test('guard lets only errors of the closed set out', async (t) => {
  t.equal(await guard(async () => 1), 1)
  const cause = new AppError('UNAVAILABLE', 'redis_unavailable', 'down')
  await t.rejects(
    guard(() => Promise.reject(cause)),
    { code: 'UNAVAILABLE', reason: 'session_store_unavailable', retryAfterSeconds: 1, cause },
  )
  await t.rejects(
    guard(() => Promise.reject(new Error('WRONGTYPE'))),
    { code: 'INTERNAL', reason: 'internal' },
  )
})
