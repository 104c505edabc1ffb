import type { Transaction } from './transaction.js'

export type AuditType =
  | 'user.registered'
  | 'user.created'
  | 'user.role_changed'
  | 'password.changed'
  | 'session.started'
  | 'session.ended'
  | 'session.reuse_detected'
  | 'login.failed'

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

export interface AuditLog {
  /** Appends one event, in the given transaction or on its own. */
  append(event: AuditEvent, tx?: Transaction): Promise<void>
}
