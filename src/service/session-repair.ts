import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { RevocationLog } from '../domain/revocation.js'
import type { SessionStore } from '../domain/session.js'
import type { UnfinishedEnd, UnfinishedEndRepository } from '../domain/unfinished-end.js'
import { NOBODY, type SessionEnder } from './session-ender.js'

/** Whoever began it has long finished or is gone: no step between has so much time. */
const OVERDUE_MS = 5_000
/** How long after its instant a change is committed at most; a session of that time may go by what was. */
const COMMIT_MS_MAX = 5_000
const ENDS_AT_ONCE = 100

/** Finishes what a process began that was killed in the middle of it. */
export interface SessionRepair {
  /**
   * Ends the sessions that a change of their user should have ended, and writes ends into the log that are
   * missing there. Safe to run in any number of processes at once. Raises UNAVAILABLE when a store cannot be
   * reached; the next run begins where this one failed.
   */
  run(): Promise<void>
}

export interface SessionRepairDeps {
  readonly unfinishedEnds: UnfinishedEndRepository
  readonly sessionStore: SessionStore
  readonly revocationLog: RevocationLog
  readonly ender: SessionEnder
  readonly clock: Clock
  readonly logger: Logger
}

export function createSessionRepair(deps: SessionRepairDeps): SessionRepair {
  const { unfinishedEnds, sessionStore, revocationLog, clock } = deps
  return {
    async run() {
      const overdue = await unfinishedEnds.listBefore(clock.now() - OVERDUE_MS, ENDS_AT_ONCE)
      for (const end of overdue) await finish(deps, end)
      await sessionStore.handOverEnds(clock.now(), (ended) =>
        revocationLog.append(ended, clock.now()),
      )
    },
  }
}

async function finish(deps: SessionRepairDeps, end: UnfinishedEnd): Promise<void> {
  const { unfinishedEnds, sessionStore, ender, clock, logger } = deps
  const { userId, reason, exceptSessionId, changedAt } = end
  const sessions = await sessionStore.listByUser(userId, clock.now())
  const due = sessions.filter(
    ({ id, createdAt }) => id !== exceptSessionId && createdAt < changedAt + COMMIT_MS_MAX,
  )
  for (const { id } of due) {
    await ender.end({ by: 'session', sessionId: id, userId }, reason, NOBODY)
  }
  // The list may have been cut off: the next run looks again until there is nothing to end.
  if (due.length === 0) await unfinishedEnds.remove(end.id)
  else logger.warn({ userId, reason, ended: due.length }, 'ended sessions that outlived a change')
}
