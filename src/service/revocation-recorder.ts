import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { RevocationLog } from '../domain/revocation.js'
import type { EndedSession } from '../domain/session.js'

/** Ends that could not be written down yet and are kept for the next time; more are only logged. */
const WAITING_MAX = 10_000

/** Writes ended sessions into the log; what could not be written is tried again before anything newer. */
export interface RevocationRecorder {
  /**
   * Resolves when these sessions, and all that failed before, are in the log. Raises UNAVAILABLE when the log
   * cannot be reached.
   */
  record(sessions: readonly EndedSession[]): Promise<void>
}

export interface RevocationRecorderDeps {
  readonly revocationLog: RevocationLog
  readonly clock: Clock
  readonly logger: Logger
}

/** Creates a recorder with nothing waiting. */
export function createRevocationRecorder(deps: RevocationRecorderDeps): RevocationRecorder {
  const { revocationLog, clock, logger } = deps
  let waiting: readonly EndedSession[] = []

  return {
    async record(sessions) {
      const due = [...waiting, ...sessions]
      if (due.length === 0) return
      waiting = []
      try {
        await revocationLog.append(due, clock.now())
      } catch (error) {
        waiting = [...due, ...waiting].slice(0, WAITING_MAX)
        logger.error(
          { err: error, waiting: waiting.length },
          'cannot write ended sessions to the log',
        )
        throw error
      }
    },
  }
}
