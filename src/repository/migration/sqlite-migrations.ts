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
  // What outlives the publications of a channel. `look_at` is when the stream may have something to remove,
  // rounded up so that its index seldom changes.
  '2026-11-21-70-channel-streams': statements(
    `CREATE TABLE channel_streams (
      channel TEXT PRIMARY KEY,
      epoch TEXT NOT NULL,
      top INTEGER NOT NULL,
      look_at INTEGER NOT NULL,
      forget_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE channel_streams',
  ),
  '2026-11-21-71-channel-streams-by-look': statements(
    'CREATE INDEX channel_streams_by_look ON channel_streams (look_at)',
    'DROP INDEX channel_streams_by_look',
  ),
  '2026-11-21-72-channel-publications': statements(
    `CREATE TABLE channel_publications (
      channel TEXT NOT NULL,
      offset INTEGER NOT NULL,
      body TEXT NOT NULL,
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (channel, offset)
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE channel_publications',
  ),
  // What the other processes are still to read, of all channels; ids as in broker_messages.
  '2026-11-21-73-channel-events': statements(
    `CREATE TABLE channel_events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      channel TEXT NOT NULL,
      kind TEXT NOT NULL,
      offset INTEGER NOT NULL,
      epoch TEXT NOT NULL,
      body TEXT NOT NULL,
      sent_at INTEGER NOT NULL
    ) STRICT`,
    'DROP TABLE channel_events',
  ),
  '2026-11-21-74-channel-keys': statements(
    `CREATE TABLE channel_keys (
      channel TEXT NOT NULL,
      key TEXT NOT NULL,
      offset INTEGER NOT NULL,
      epoch TEXT NOT NULL,
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (channel, key)
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE channel_keys',
  ),
  '2026-11-21-75-channel-keys-by-end': statements(
    'CREATE INDEX channel_keys_by_end ON channel_keys (expires_at)',
    'DROP INDEX channel_keys_by_end',
  ),
  '2026-11-21-76-presence-entries': statements(
    `CREATE TABLE presence_entries (
      channel TEXT NOT NULL,
      connection_id TEXT NOT NULL,
      user_id TEXT NOT NULL,
      process_id TEXT NOT NULL,
      info TEXT NOT NULL,
      PRIMARY KEY (channel, connection_id)
    ) STRICT, WITHOUT ROWID`,
    'DROP TABLE presence_entries',
  ),
  '2026-11-21-77-presence-entries-by-user': statements(
    'CREATE INDEX presence_entries_by_user ON presence_entries (channel, user_id)',
    'DROP INDEX presence_entries_by_user',
  ),
  '2026-11-21-78-presence-entries-by-process': statements(
    'CREATE INDEX presence_entries_by_process ON presence_entries (process_id)',
    'DROP INDEX presence_entries_by_process',
  ),
  // Processes that may have entries, so that nobody has to look through these for dead ones.
  '2026-11-21-79-presence-processes': statements(
    'CREATE TABLE presence_processes (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
    'DROP TABLE presence_processes',
  ),
  // AUTOINCREMENT: a number is never given twice, so a reader knows whether it has everything after its own.
  '2026-11-21-81-revocations': statements(
    `CREATE TABLE revocations (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      session_id TEXT NOT NULL UNIQUE,
      user_id TEXT NOT NULL,
      reason TEXT NOT NULL,
      ended_at INTEGER NOT NULL
    ) STRICT`,
    'DROP TABLE revocations',
  ),
  // One row: another database is another log.
  '2026-11-21-82-revocation-epoch': statements(
    'CREATE TABLE revocation_epoch AS SELECT lower(hex(randomblob(8))) AS epoch',
    'DROP TABLE revocation_epoch',
  ),
  // Null for a session from before the key was kept: its next rotation fills it in.
  '2026-11-21-83-sessions-key': statements(
    'ALTER TABLE sessions ADD COLUMN key_id TEXT',
    'ALTER TABLE sessions DROP COLUMN key_id',
  ),
  '2026-11-21-84-sessions-by-key': statements(
    'CREATE INDEX sessions_by_key ON sessions (key_id)',
    'DROP INDEX sessions_by_key',
  ),
  // One row, which counts whatever makes what was read of a live session untrue, whoever does it.
  '2026-11-21-85-session-losses': statements(
    'CREATE TABLE session_losses AS SELECT 0 AS count',
    'DROP TABLE session_losses',
  ),
  '2026-11-21-86-session-deleted': statements(
    `CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
      UPDATE session_losses SET count = count + 1;
    END`,
    'DROP TRIGGER session_deleted',
  ),
  // Being seen moves ends forward, which leaves nothing untrue.
  '2026-11-21-87-session-shortened': statements(
    `CREATE TRIGGER session_shortened AFTER UPDATE ON sessions
    WHEN NEW.idle_expires_at < OLD.idle_expires_at OR NEW.expires_at < OLD.expires_at
      OR NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id OR NEW.client_id <> OLD.client_id
    BEGIN
      UPDATE session_losses SET count = count + 1;
    END`,
    'DROP TRIGGER session_shortened',
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
