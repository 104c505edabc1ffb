import { AppError } from '../../errors/app-error.js'

const RETRY_AFTER_SECONDS = 1

/** Replies of a server that is there but cannot serve now. */
const NOT_NOW = [
  'LOADING',
  'READONLY',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
  'MISCONF',
  'OOM',
  'BUSY',
]

/** What every caller gets when Redis cannot be asked: UNAVAILABLE, reason `redis_unavailable`. */
export function redisUnavailable(cause?: unknown): AppError {
  return new AppError('UNAVAILABLE', 'redis_unavailable', 'Redis does not answer; try again.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The first word of an error reply, such as `MOVED`; empty for anything else. */
export function replyCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return /^[A-Z]+(?= |$)/.exec(error.message)?.[0] ?? ''
}

/** A failed command as callers see it: what may heal is UNAVAILABLE, the rest is passed on as it is. */
export function toRedisError(error: unknown): Error {
  if (error instanceof AppError) return error
  const code = replyCodeOf(error)
  const mayHeal = !(error instanceof Error) || code === '' || NOT_NOW.includes(code)
  return mayHeal ? redisUnavailable(error) : error
}
