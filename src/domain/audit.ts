import { invalidArgument } from '../errors/app-error.js'
import type { Transaction } from './transaction.js'

/** What is written down. What each tells in `data` stands in docs/accounts.md. */
export const AUDIT_TYPES = [
  'user.registered',
  'user.created',
  'user.role_changed',
  'user.frozen',
  'user.unfrozen',
  'user.deleted',
  'user.profile_changed',
  'user.email_reclaimed',
  'identity.linked',
  'identity.unlinked',
  'password.changed',
  'password.reset_link_made',
  'password.reset',
  'session.started',
  'session.ended',
  'session.reuse_detected',
  'login.failed',
  'login.throttled',
  'key.generated',
  'key.rotated',
  'key.retired',
  'key.burned',
] as const
export type AuditType = (typeof AUDIT_TYPES)[number]

/** The type of that name. Raises INVALID_ARGUMENT. */
export function parseAuditType(input: string): AuditType {
  const type = AUDIT_TYPES.find((candidate) => candidate === input)
  if (type) return type
  const message = `A type of audit event is one of ${AUDIT_TYPES.join(', ')}, not "${input}".`
  throw invalidArgument(message, [{ path: 'type', message }])
}

/** How many events one page has at most. */
export const AUDIT_PAGE_MAX = 200

/** One line of the audit log: who did what to whom, from where. Never a secret. */
export interface AuditEvent {
  readonly type: AuditType
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The user who acted; null for a command-line or unknown actor. */
  readonly actorId: string | null
  /** The user acted upon; null when unknown. */
  readonly userId: string | null
  readonly sessionId: string | null
  readonly address: string | null
  /** Small, flat and free of secrets. */
  readonly data: Readonly<Record<string, string | number | boolean>>
}

/** An event as it is kept. A later event has a higher id. */
export interface AuditRecord extends AuditEvent {
  readonly id: number
}

/** Which events, newest first. */
export interface AuditQuery {
  /** The user acted upon. */
  readonly userId?: string
  readonly type?: AuditType
  /** Not older than this instant, in milliseconds since the epoch. */
  readonly since?: number
  /** Only what is older than the event of this id: the `next` of an earlier page. */
  readonly before?: number
  /** Capped at AUDIT_PAGE_MAX. */
  readonly limit: number
}

export interface AuditPage {
  readonly events: readonly AuditRecord[]
  /** Pass as `before` to get the next page; null on the last. */
  readonly next: number | null
}

export interface AuditLog {
  /** Appends one event, in the given transaction or on its own. */
  append(event: AuditEvent, tx?: Transaction): Promise<void>
  list(query: AuditQuery): Promise<AuditPage>
}
