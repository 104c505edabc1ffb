import type { Broker } from '../domain/broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { RevocationLog } from '../domain/revocation.js'
import type {
  EndedSession,
  SessionEndReason,
  SessionSelector,
  SessionStore,
} from '../domain/session.js'
import { toAppError } from '../errors/app-error.js'
import type { AuditTrail } from './audit-trail.js'
import { createRevocationRecorder } from './revocation-recorder.js'

/** What ending sessions did, over all processes. */
export interface EndResult {
  readonly ended: number
  readonly connectionsClosed: number
  readonly processes: { readonly asked: number; readonly answered: number }
}

/** Who ended it, and from where; null for the command line or the house itself. */
export interface EndActor {
  readonly actorId: string | null
  readonly address: string | null
}

/** An actor of whom nothing is known: the command line has no account. */
export const NOBODY: EndActor = { actorId: null, address: null }

/** What ending nothing did. */
export const NOTHING_ENDED: EndResult = {
  ended: 0,
  connectionsClosed: 0,
  processes: { asked: 0, answered: 0 },
}

/**
 * The one way a session ends: the store first, then the log of ended sessions, then every process, then the
 * audit log.
 */
export interface SessionEnder {
  /**
   * Ends the sessions that match; all zero when there is none. Raises UNAVAILABLE when the store fails, and
   * when the end could not be written into the log (the sessions are over then, and repeating the call writes
   * them down).
   */
  end(selector: SessionSelector, reason: SessionEndReason, actor: EndActor): Promise<EndResult>
  /**
   * Tells every process of sessions that the store has already ended, and writes it down. Never rejects: the
   * sessions are over, and every process finds that out by itself when a message is lost.
   */
  announce(sessions: readonly EndedSession[], actor: EndActor): Promise<EndResult>
}

export interface SessionEnderDeps {
  readonly sessionStore: SessionStore
  readonly revocationLog: RevocationLog
  readonly broker: Broker
  readonly auditTrail: AuditTrail
  readonly clock: Clock
  readonly logger: Logger
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createSessionEnder(deps: SessionEnderDeps): SessionEnder {
  const { sessionStore, auditTrail, clock } = deps
  const recorder = createRevocationRecorder(deps)

  async function tell(sessions: readonly EndedSession[], actor: EndActor): Promise<EndResult> {
    if (sessions.length === 0) return NOTHING_ENDED
    const heard = await tellProcesses(deps, sessions)
    for (const { id, userId, reason } of sessions) {
      const type = reason === 'reuse_detected' ? 'session.reuse_detected' : 'session.ended'
      await auditTrail.record({ type, ...actor, userId, sessionId: id, data: { reason } })
    }
    return { ended: sessions.length, ...heard }
  }

  return {
    async announce(sessions, actor) {
      // The recorder has logged a failure and keeps the sessions for the next time.
      await recorder.record(sessions).catch(() => undefined)
      return tell(sessions, actor)
    },
    async end(selector, reason, actor) {
      const sessions = await sessionStore.end(selector, reason, clock.now())
      // In the log first, so that who is told finds it there; told in any case, because they are over.
      const recorded = recorder.record(
        sessions.length > 0 ? sessions : await endedBefore(deps, selector),
      )
      const outcome = await recorded.then(() => null, toAppError)
      const result = await tell(sessions, actor)
      if (outcome) throw outcome
      return result
    },
  }
}

/**
 * The one session that is asked for, when somebody has ended it already: they may have failed before it was
 * in the log. One that ran out by the clock does not belong there.
 */
async function endedBefore(
  { sessionStore, clock }: SessionEnderDeps,
  selector: SessionSelector,
): Promise<readonly EndedSession[]> {
  if (selector.by !== 'session') return []
  const over = await sessionStore.findOver([selector.sessionId], clock.now())
  return over.filter(
    ({ reason, userId }) =>
      userId !== '' &&
      (selector.userId === undefined || selector.userId === userId) &&
      reason !== 'expired' &&
      reason !== 'idle_timeout',
  )
}

async function tellProcesses(
  { broker, logger, surveyTimeoutMs }: SessionEnderDeps,
  sessions: readonly EndedSession[],
): Promise<Omit<EndResult, 'ended'>> {
  try {
    const survey = await broker.survey('sessions_ended', { sessions }, surveyTimeoutMs)
    if (survey.missing.length > 0) {
      logger.warn({ missing: survey.missing }, 'a process did not confirm the end of a session')
    }
    const closed = survey.answers.map((answer) => answer.connectionsClosed)
    return {
      connectionsClosed: closed.reduce((sum, count) => sum + count, 0),
      processes: { asked: survey.asked, answered: survey.answers.length },
    }
  } catch (error) {
    logger.error({ err: error, sessions: sessions.length }, 'cannot tell that sessions ended')
    // At least this process was there to be asked; how many others there are is not known.
    return { connectionsClosed: 0, processes: { asked: 1, answered: 0 } }
  }
}
