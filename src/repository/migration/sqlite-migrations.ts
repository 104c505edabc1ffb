import { type Kysely, type Migration, sql } from 'kysely'

/**
 * The tables that exist only when SQLite is also the session store and the broker; other set-ups keep these
 * in Redis. A step that has been released never changes.
 */
export const SQLITE_MIGRATIONS: Readonly<Record<string, Migration>> = {
  // `seq` orders sessions of the same millisecond; the sealed pair comes last because it is long and seldom
  // read, so that the columns before it stay on the page of the row.
  '2026-11-21-51-sessions': statements(
    `CREATE TABLE sessions (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      user_id TEXT NOT NULL,
      client_id TEXT NOT NULL,
      method TEXT NOT NULL,
      user_agent TEXT NOT NULL,
      address TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL,
      idle_expires_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      refresh_hash TEXT NOT NULL,
      previous_hash TEXT,
      rotated_at INTEGER,
      rotated_by TEXT,
      sealed_pair TEXT
    ) STRICT`,
    'DROP TABLE sessions',
  ),
  '2026-11-21-52-sessions-by-user': statements(
    'CREATE INDEX sessions_by_user ON sessions (user_id, created_at)',
    'DROP INDEX sessions_by_user',
  ),
  '2026-11-21-53-sessions-by-end': statements(
    'CREATE INDEX sessions_by_end ON sessions (idle_expires_at)',
    'DROP INDEX sessions_by_end',
  ),
  '2026-11-21-54-ended-sessions': statements(
    `CREATE TABLE ended_sessions (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      reason TEXT NOT NULL,
      ended_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE ended_sessions',
  ),
  '2026-11-21-55-ended-sessions-by-age': statements(
    'CREATE INDEX ended_sessions_by_age ON ended_sessions (ended_at)',
    'DROP INDEX ended_sessions_by_age',
  ),
  '2026-11-21-56-broker-processes': statements(
    `CREATE TABLE broker_processes (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      pid INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      lease_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE broker_processes',
  ),
  // AUTOINCREMENT: an id is never given twice, so a reader that sees a jump knows that it missed something.
  '2026-11-21-57-broker-messages': statements(
    `CREATE TABLE broker_messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      sender TEXT NOT NULL,
      survey_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      body TEXT NOT NULL,
      sent_at INTEGER NOT NULL
    ) STRICT`,
    'DROP TABLE broker_messages',
  ),
  '2026-11-21-58-broker-replies': statements(
    `CREATE TABLE broker_replies (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      recipient TEXT NOT NULL,
      survey_id TEXT NOT NULL,
      process_id TEXT NOT NULL,
      body TEXT NOT NULL,
      sent_at INTEGER NOT NULL
    ) STRICT`,
    'DROP TABLE broker_replies',
  ),
  '2026-11-21-59-broker-replies-by-recipient': statements(
    'CREATE INDEX broker_replies_by_recipient ON broker_replies (recipient, id)',
    'DROP INDEX broker_replies_by_recipient',
  ),
  '2026-11-21-60-counters': statements(
    `CREATE TABLE counters (
      key TEXT PRIMARY KEY,
      count INTEGER NOT NULL,
      resets_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE counters',
  ),
  '2026-11-21-61-counters-by-end': statements(
    'CREATE INDEX counters_by_end ON counters (resets_at)',
    'DROP INDEX counters_by_end',
  ),
  '2026-11-21-62-one-time-values': statements(
    `CREATE TABLE one_time_values (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL,
      expires_at INTEGER NOT NULL
    ) STRICT`,
    'DROP TABLE one_time_values',
  ),
  '2026-11-21-63-one-time-values-by-end': statements(
    'CREATE INDEX one_time_values_by_end ON one_time_values (expires_at)',
    'DROP INDEX one_time_values_by_end',
  ),
}

function statements(up: string, down: string): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await sql.raw(up).execute(db)
    },
    down: async (db: Kysely<unknown>) => {
      await sql.raw(down).execute(db)
    },
  }
}
