import type { AuthChange } from '../domain/auth-change.js'
import type { Broker } from '../domain/broker.js'
import type { Logger } from '../domain/logger.js'

/** Tells the open tabs of all processes that something changed for them. */
export interface AuthAnnouncer {
  /**
   * Never rejects, and need not be waited for: what is told has happened already, and who misses it sees it
   * with its next request.
   */
  announce(change: AuthChange): Promise<void>
}

export interface AuthAnnouncerDeps {
  readonly broker: Broker
  readonly logger: Logger
  /** How long to wait for the other processes to confirm. */
  readonly surveyTimeoutMs: number
}

export function createAuthAnnouncer(deps: AuthAnnouncerDeps): AuthAnnouncer {
  const { broker, logger, surveyTimeoutMs } = deps
  return {
    async announce(change) {
      try {
        await broker.survey('auth_changed', { change }, surveyTimeoutMs)
      } catch (error) {
        logger.warn({ err: error, type: change.type }, 'cannot tell the open tabs of a change')
      }
    },
  }
}
