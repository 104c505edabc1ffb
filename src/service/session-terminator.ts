import { AppError, invalidArgument } from '../errors/app-error.js'
import type { Principal, SessionEndReason, SessionSelector } from '../domain/session.js'
import type { EndResult, SessionEnder } from './session-ender.js'

/** The reasons that a sibling service may give; the others are findings of the house itself. */
export const SERVICE_END_REASONS = [
  'ended_by_admin',
  'ended_by_user',
  'logged_out',
  'user_frozen',
  'user_deleted',
  'password_changed',
  'password_reset',
] as const satisfies readonly SessionEndReason[]

export type TerminationTarget = { readonly sessionId: string } | { readonly userId: string }

/** Ends sessions for somebody who is not at the session's own browser. */
export interface SessionTerminator {
  /**
   * For a sibling service: any session, or all of a user. `reason` empty is `ended_by_admin`. Nothing alive
   * is no failure. Raises INVALID_ARGUMENT for an unknown reason.
   */
  endForService(target: TerminationTarget, reason: string): Promise<EndResult>
  /**
   * For a user: their own sessions, the current one among them; an administrator ends anybody's. The reason is
   * `ended_by_user` for one's own, else `ended_by_admin`. Raises NOT_FOUND (`session_not_found`) for a
   * session that is not theirs or not alive, PERMISSION_DENIED (`not_your_sessions`) for all of another user.
   */
  endForUser(principal: Principal, target: TerminationTarget): Promise<EndResult>
}

/** Creates the use case over the one way in which sessions end. */
export function createSessionTerminator({ ender }: { ender: SessionEnder }): SessionTerminator {
  return {
    endForService(target, reason) {
      const known = SERVICE_END_REASONS.find((candidate) => candidate === reason)
      if (reason !== '' && known === undefined) throw reasonUnknown()
      const nobody = { actorId: null, address: null }
      return ender.end(selectorOf(target), known ?? 'ended_by_admin', nobody)
    },
    async endForUser({ userId, role }, target) {
      const actor = { actorId: userId, address: null }
      if ('userId' in target) {
        const isOwn = target.userId === userId
        if (!isOwn && role !== 'admin') throw notYours()
        return ender.end(selectorOf(target), isOwn ? 'ended_by_user' : 'ended_by_admin', actor)
      }
      const own = { by: 'session', sessionId: target.sessionId, userId } as const
      const result = await ender.end(own, 'ended_by_user', actor)
      if (result.ended > 0) return result
      if (role !== 'admin') throw sessionNotFound()
      return someEnded(await ender.end(selectorOf(target), 'ended_by_admin', actor))
    },
  }
}

function selectorOf(target: TerminationTarget): SessionSelector {
  return 'userId' in target
    ? { by: 'user', userId: target.userId }
    : { by: 'session', sessionId: target.sessionId }
}

function someEnded(result: EndResult): EndResult {
  if (result.ended > 0) return result
  throw sessionNotFound()
}

function sessionNotFound(): AppError {
  return new AppError('NOT_FOUND', 'session_not_found', 'There is no such live session.')
}

function notYours(): AppError {
  const message = 'Only an administrator ends the sessions of somebody else.'
  return new AppError('PERMISSION_DENIED', 'not_your_sessions', message)
}

function reasonUnknown(): AppError {
  const message = `A reason is one of ${SERVICE_END_REASONS.join(', ')}.`
  return invalidArgument(message, [{ path: 'reason', message }])
}
