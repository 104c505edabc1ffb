import { toAppError } from '../errors/app-error.js'
import { tryUntil } from '../util/try-until.js'

/** As long as a start waits for the first answer of a server. */
const START_MS = 5_000

/**
 * Runs one step of a start. The servers have answered by then, but they may be slow just now, and so may this process,
 * which reads its own code from the disk: what is UNAVAILABLE is tried again for a while.
 */
export function startStep<T>(work: () => Promise<T>, forMs = START_MS): Promise<T> {
  return tryUntil(work, {
    endsAtMs: performance.now() + forMs,
    mayPass: (error) => toAppError(error).code === 'UNAVAILABLE',
  })
}
