import type { ColumnType, Generated, Kysely } from 'kysely'
import type { AuditType } from '../domain/audit.js'
import type { SessionEndReason } from '../domain/session.js'
import type { Gender, UserRole, UserState } from '../domain/user.js'

/** The tables that every SQL database has. Instants are milliseconds since the epoch. */
export interface SqlSchema {
  users: UserTable
  identities: IdentityTable
  audit_events: AuditEventTable
  unfinished_ends: UnfinishedEndTable
}

export interface UserTable {
  id: Fixed<string>
  username: Fixed<string>
  display_name: string
  email: string | null
  /** 1 when a provider has proved the address, else 0. */
  email_verified: number
  avatar_url: string | null
  gender: Gender
  role: UserRole
  state: UserState
  password_hash: string | null
  created_at: Fixed<number>
}

/** Which account belongs to whom at a sign-in provider; one account per (provider, provider_id). */
export interface IdentityTable {
  provider: Fixed<string>
  provider_id: Fixed<string>
  user_id: Fixed<string>
  created_at: Fixed<number>
}

export interface AuditEventTable {
  id: Generated<number>
  type: Fixed<AuditType>
  at: Fixed<number>
  actor_id: Fixed<string | null>
  user_id: Fixed<string | null>
  session_id: Fixed<string | null>
  address: Fixed<string | null>
  /** A JSON object. */
  data: Fixed<string>
}

export interface UnfinishedEndTable {
  id: Fixed<string>
  user_id: Fixed<string>
  reason: Fixed<SessionEndReason>
  except_session_id: Fixed<string | null>
  changed_at: Fixed<number>
}

/** A column that is written once. */
type Fixed<T> = ColumnType<T, T, never>

/**
 * A SQL database as the repositories see it, whichever it is. Where there are replicas, a repository says
 * whom a query concerns, and no caller ever does. One that does not say it gets the careful answer: its
 * transaction counts as a write that concerns everybody, its read as one that must see every known write. So
 * what is forgotten costs a way to the primary, never a stale answer.
 */
export interface SqlStore {
  /** Transactions, on the primary. A query here waits for the transaction that is open. */
  readonly db: Kysely<SqlSchema>
  /**
   * Reads of what is committed; never waits for a writer, never writes. Sees every write that this process
   * knows of, and of all others those older than the bound of the store.
   */
  readonly reader: Kysely<SqlSchema>
  /** As `reader`, and sees every write that was committed before, by any process: it asks the primary. */
  readonly latest: Kysely<SqlSchema>
  /** As `reader` for what is about one user, of which it sees all writes that this process knows of. */
  readerFor(userId: string): Kysely<SqlSchema>
  /**
   * Whom a write concerned whose outcome is decided: null when it is not known whom, empty when only the reads
   * that are about nobody in particular show it. To be awaited before the write is acknowledged. Never rejects.
   */
  noteWrite(userIds: Iterable<string> | null): Promise<void>
  /** Whether a transaction failed only because another one was in its way, so that it may be run again. */
  isConflict(thrown: unknown): boolean
}
