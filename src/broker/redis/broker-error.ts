import { AppError, toAppError } from '../../errors/app-error.js'

/** What leaves a broker: UNAVAILABLE with its own reason, or what `toAppError` makes of it. */
export function toBrokerError(error: unknown): AppError {
  const known = toAppError(error)
  if (known.code !== 'UNAVAILABLE') return known
  return new AppError(
    'UNAVAILABLE',
    'broker_unavailable',
    'The other processes cannot be reached at the moment; try again.',
    { retryAfterSeconds: known.retryAfterSeconds ?? 1, cause: error },
  )
}
