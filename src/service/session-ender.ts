import type { Broker } from '../domain/broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type {
  EndedSession,
  SessionEndReason,
  SessionSelector,
  SessionStore,
} from '../domain/session.js'
import type { AuditTrail } from './audit-trail.js'

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

/** The one way a session ends: the store first, then every process, then the audit log. */
export interface SessionEnder {
  /** Ends the sessions that match; all zero when there is none. Raises UNAVAILABLE when the store fails. */
  end(selector: SessionSelector, reason: SessionEndReason, actor: EndActor): Promise<EndResult>
  /**
   * Tells every process of sessions that the store has already ended, and writes it down. Never rejects: the
   * sessions are over, and every process finds that out by itself when a message is lost.
   */
  announce(sessions: readonly EndedSession[], actor: EndActor): Promise<EndResult>
}

export interface SessionEnderDeps {
  readonly sessionStore: SessionStore
  readonly broker: Broker
  readonly auditTrail: AuditTrail
  readonly clock: Clock
  readonly logger: Logger
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createSessionEnder(deps: SessionEnderDeps): SessionEnder {
  const { sessionStore, auditTrail, clock } = deps

  async function announce(sessions: readonly EndedSession[], actor: EndActor): Promise<EndResult> {
    if (sessions.length === 0) return NOTHING_ENDED
    const heard = await tellProcesses(deps, sessions)
    for (const { id, userId, reason } of sessions) {
      const type = reason === 'reuse_detected' ? 'session.reuse_detected' : 'session.ended'
      await auditTrail.record({ type, ...actor, userId, sessionId: id, data: { reason } })
    }
    return { ended: sessions.length, ...heard }
  }

  return {
    announce,
    async end(selector, reason, actor) {
      return announce(await sessionStore.end(selector, reason, clock.now()), actor)
    },
  }
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
