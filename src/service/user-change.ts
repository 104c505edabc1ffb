import type { AuditEvent, AuditLog } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import type { SessionEndReason } from '../domain/session.js'
import type { Transaction, TransactionRunner, Work } from '../domain/transaction.js'
import type { UnfinishedEndRepository } from '../domain/unfinished-end.js'
import { type User, type UserChanges, userNotFound, type UserRepository } from '../domain/user.js'
import type { AuthAnnouncer } from './auth-announcer.js'
import { randomId } from '../util/random-id.js'
import type { EndActor, EndResult, SessionEnder } from './session-ender.js'

export interface UserChangeDeps {
  readonly users: UserRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly announcer: AuthAnnouncer
  readonly clock: Clock
}

type Entry = Pick<AuditEvent, 'type' | 'data'>

/**
 * Changes an account and writes down what changed, in one transaction; `more` is written with it. Raises
 * NOT_FOUND (`user_not_found`), ALREADY_EXISTS (`email_taken`).
 */
export async function changeUser(
  deps: UserChangeDeps,
  userId: string,
  changes: UserChanges,
  actor: EndActor,
  more: readonly Entry[] = [],
): Promise<User> {
  return deps.transactions.run(await planUserChange(deps, userId, changes, actor, more))
}

/** The same for a transaction that holds more than this: what there is to change is read before it. */
export async function planUserChange(
  deps: UserChangeDeps,
  userId: string,
  changes: UserChanges,
  actor: EndActor,
  more: readonly Entry[] = [],
): Promise<Work<User>> {
  const before = await deps.users.findById(userId)
  if (!before) throw userNotFound()
  return async (tx) => {
    const after = await deps.users.update(tx, userId, changes)
    if (!after) throw userNotFound()
    await writeDown(deps, tx, userId, actor, [...entriesOf(before, after), ...more])
    tx.afterCommit(() => void deps.announcer.announce({ type: 'profile_changed', userId }))
    return after
  }
}

export interface EndingChangeDeps extends Pick<UserChangeDeps, 'transactions' | 'clock'> {
  readonly ender: SessionEnder
  readonly unfinishedEnds: UnfinishedEndRepository
}

/** Which sessions a change of an account ends, and why. */
export interface ChangeEnd {
  readonly userId: string
  readonly reason: SessionEndReason
  /** The one that goes on. */
  readonly exceptSessionId?: string
}

/**
 * Commits a change of an account and ends the sessions that it takes the ground from. That they must end is
 * committed with it: when this process dies before they have, another one ends them (`SessionRepair`).
 */
export async function changeAndEnd<T>(
  deps: EndingChangeDeps,
  change: Work<T>,
  { userId, reason, exceptSessionId }: ChangeEnd,
  actor: EndActor,
): Promise<{ result: T; end: EndResult }> {
  const { transactions, ender, unfinishedEnds, clock } = deps
  const id = randomId()
  const result = await transactions.run(async (tx) => {
    const changed = await change(tx)
    const changedAt = clock.now()
    const except = { exceptSessionId: exceptSessionId ?? null }
    await unfinishedEnds.add(tx, { id, userId, reason, ...except, changedAt })
    return changed
  })
  const others = exceptSessionId === undefined ? {} : { exceptSessionId }
  const end = await ender.end({ by: 'user', userId, ...others }, reason, actor)
  // One that stays is found to have nothing left to do.
  await unfinishedEnds.remove(id).catch(() => undefined)
  return { result, end }
}

/**
 * Takes an account away and writes it down, in a transaction that is still to run. Raises NOT_FOUND
 * (`user_not_found`).
 */
export async function planUserRemoval(
  deps: UserChangeDeps,
  userId: string,
  actor: EndActor,
): Promise<Work<void>> {
  const user = await deps.users.findById(userId)
  if (!user) throw userNotFound()
  return async (tx) => {
    if (!(await deps.users.delete(tx, userId))) throw userNotFound()
    const data = { username: user.username }
    await writeDown(deps, tx, userId, actor, [{ type: 'user.deleted', data }])
  }
}

async function writeDown(
  { auditLog, clock }: UserChangeDeps,
  tx: Transaction,
  userId: string,
  actor: EndActor,
  entries: readonly Entry[],
): Promise<void> {
  const common = { ...actor, at: clock.now(), userId, sessionId: null }
  for (const entry of entries) await auditLog.append({ ...common, ...entry }, tx)
}

function entriesOf(before: User, after: User): Entry[] {
  const entries: Entry[] = []
  if (before.role !== after.role) {
    entries.push({ type: 'user.role_changed', data: { from: before.role, to: after.role } })
  }
  if (before.state !== after.state) {
    entries.push({ type: after.state === 'frozen' ? 'user.frozen' : 'user.unfrozen', data: {} })
  }
  const fields = (['displayName', 'gender', 'email'] as const).filter(
    (field) => before[field] !== after[field],
  )
  if (fields.length > 0) {
    entries.push({ type: 'user.profile_changed', data: { fields: fields.join(' ') } })
  }
  return entries
}
