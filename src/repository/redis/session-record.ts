import {
  type NewSession,
  type Session,
  SESSION_END_REASONS,
  type SessionCheck,
  type SessionEndReason,
  type SignInMethod,
} from '../../domain/session.js'
import { timeoutReason } from '../session-row.js'

/** What is stored of a session: the session, why it ended, or nothing. */
export type SessionRecord =
  | { readonly kind: 'session'; readonly alive: SessionCheck & { readonly alive: true } }
  | { readonly kind: 'ended'; readonly userId: string; readonly reason: SessionEndReason }
  | { readonly kind: 'unknown' }

export const UNKNOWN_SESSION: SessionRecord = { kind: 'unknown' }

/** The fields of the hash that make a session, in the order in which they are read. */
export const SESSION_FIELDS = [
  'userId',
  'clientId',
  'method',
  'userAgent',
  'address',
  'createdAt',
  'lastSeenAt',
  'idleExpiresAt',
  'expiresAt',
] as const satisfies readonly (keyof Session)[]

/** What HMGET reads of one session. */
export const RECORD_FIELDS = ['reason', ...SESSION_FIELDS] as const

/** The reply to HMGET of `RECORD_FIELDS` as a record. */
export function toSessionRecord(sessionId: string, reply: unknown): SessionRecord {
  const [reason, ...fields] = toTexts(reply)
  if (isEndReason(reason)) return { kind: 'ended', userId: fields[0] ?? '', reason }
  const session = toSession(sessionId, fields)
  return session === null ? UNKNOWN_SESSION : { kind: 'session', alive: { alive: true, session } }
}

/** The values of `SESSION_FIELDS` as a session; null when one is missing. */
export function toSession(id: string, fields: readonly (string | null)[]): Session | null {
  const isWhole = fields.length === SESSION_FIELDS.length && !fields.includes(null)
  if (!isWhole) return null
  const [userId = '', clientId = '', method = '', userAgent = '', address = ''] = fields.map(String)
  const [createdAt, lastSeenAt, idleExpiresAt, expiresAt] = fields.slice(5).map(Number)
  return Object.freeze({
    id,
    userId,
    clientId,
    method: method as SignInMethod,
    userAgent,
    address,
    createdAt: createdAt ?? 0,
    lastSeenAt: lastSeenAt ?? 0,
    idleExpiresAt: idleExpiresAt ?? 0,
    expiresAt: expiresAt ?? 0,
  })
}

/** The hash of a new session, as names and values in turn. */
export function toHash(session: NewSession): readonly string[] {
  const idleExpiresAt = Math.min(session.idleExpiresAt, session.expiresAt)
  const fields = { ...session, idleExpiresAt }
  const names = [...SESSION_FIELDS, 'refreshHash', 'keyId'] as const
  return names.flatMap((name) => [name, String(fields[name])])
}

/** Whether the session of a record is alive at `now`, and why it is not. */
export function checkRecord(record: SessionRecord, now: number): SessionCheck {
  if (record.kind === 'unknown') return { alive: false, reason: null }
  if (record.kind === 'ended') return { alive: false, reason: record.reason }
  const { session } = record.alive
  const reason = timeoutReason(session, now)
  return reason === null ? record.alive : { alive: false, reason }
}

/** A reply that is a list of texts and gaps. */
export function toTexts(reply: unknown): readonly (string | null)[] {
  if (!Array.isArray(reply)) return []
  return (reply as unknown[]).map((value) =>
    value === null || value === undefined ? null : String(value as string),
  )
}

/** The reason that a script or a hash names; null for anything else. */
export function toEndReason(value: unknown): SessionEndReason | null {
  return isEndReason(value) ? value : null
}

function isEndReason(value: unknown): value is SessionEndReason {
  return SESSION_END_REASONS.some((reason) => reason === value)
}
