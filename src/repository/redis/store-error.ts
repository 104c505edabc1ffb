import { AppError, toAppError } from '../../errors/app-error.js'

const RETRY_AFTER_SECONDS = 1

/** Runs a step of a store; what leaves it is UNAVAILABLE or what `toAppError` makes of it. */
export type Guard = <T>(work: () => Promise<T>) => Promise<T>

/** Around the steps of the session store: UNAVAILABLE has the reason `session_store_unavailable`. */
export const guardSessions = createGuard(
  'session_store_unavailable',
  'Sessions cannot be checked at the moment; try again.',
)

/** Around the steps of counters and one-time values: UNAVAILABLE has the reason `store_unavailable`. */
export const guardValues = createGuard('store_unavailable', 'The store cannot be used now.')

function createGuard(reason: string, message: string): Guard {
  return async (work) => {
    try {
      return await work()
    } catch (error) {
      const known = toAppError(error)
      if (known.code !== 'UNAVAILABLE') throw known
      throw new AppError('UNAVAILABLE', reason, message, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      })
    }
  }
}
