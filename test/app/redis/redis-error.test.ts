import t from 'tap'
import { redisUnavailable, replyCodeOf, toRedisError } from '../../../src/app/redis/redis-error.js'
import { AppError } from '../../../src/errors/app-error.js'

await t.test('redisUnavailable tells when to try again', async (t) => {
  const cause = new Error('gone')
  t.match(redisUnavailable(cause), {
    code: 'UNAVAILABLE',
    reason: 'redis_unavailable',
    retryAfterSeconds: 1,
    cause,
  })
})

await t.test('replyCodeOf reads the first word of an error reply', async (t) => {
  t.equal(replyCodeOf(new Error('MOVED 1 host:1')), 'MOVED')
  t.equal(replyCodeOf(new Error('LOADING')), 'LOADING')
  t.equal(replyCodeOf(new Error('Socket closed unexpectedly')), '')
  t.equal(replyCodeOf('MOVED 1 host:1'), '')
})

await t.test('toRedisError makes what may heal UNAVAILABLE', async (t) => {
  const unavailable = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }
  for (const message of [
    'Socket closed unexpectedly',
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'CLUSTERDOWN Hash slot not served',
    "OOM command not allowed when used memory > 'maxmemory'.",
  ]) {
    t.match(toRedisError(new Error(message)), unavailable, message)
  }
  t.match(toRedisError('nonsense'), unavailable)
  for (const message of ['ERR value is not an integer', 'NOSCRIPT No matching script.']) {
    const error = new Error(message)
    t.equal(toRedisError(error), error, message)
  }
  const known = new AppError('INTERNAL', 'internal', 'known')
  t.equal(toRedisError(known), known)
})
