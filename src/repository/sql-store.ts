import type { ColumnType, Generated, Kysely } from 'kysely'
import type { AuditType } from '../domain/audit.js'
import type { Gender, UserRole, UserState } from '../domain/user.js'

/** The tables that every SQL database has. Instants are milliseconds since the epoch. */
export interface SqlSchema {
  users: UserTable
  identities: IdentityTable
  audit_events: AuditEventTable
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

/** A column that is written once. */
type Fixed<T> = ColumnType<T, T, never>

/** A SQL database as the repositories see it, whichever it is. */
export interface SqlStore {
  /** Writes and transactions. A query here waits for the transaction that is open. */
  readonly db: Kysely<SqlSchema>
  /** Reads of what is committed; never waits for a writer, never writes. */
  readonly reader: Kysely<SqlSchema>
}
