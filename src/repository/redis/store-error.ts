import { AppError, toAppError } from '../../errors/app-error.js'

const RETRY_AFTER_SECONDS = 1

/**
 * Runs a step of the store. What leaves it is UNAVAILABLE with reason `session_store_unavailable`, or what
 * `toAppError` makes of it.
 */
export async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const known = toAppError(error)
    if (known.code !== 'UNAVAILABLE') throw known
    throw new AppError(
      'UNAVAILABLE',
      'session_store_unavailable',
      'Sessions cannot be checked at the moment; try again.',
      { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error },
    )
  }
}
