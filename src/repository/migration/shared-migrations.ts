import { type Kysely, type Migration, MysqlAdapter } from 'kysely'

/**
 * The tables of every SQL database, in order. One statement per step: MySQL commits each by itself, so a step
 * that failed half-way would have no way back. Only types and clauses that SQLite, MySQL and MariaDB share.
 * A step that has been released never changes.
 */
export const SHARED_MIGRATIONS: Readonly<Record<string, Migration>> = {
  '2026-11-21-01-users': {
    up: (db: Kysely<unknown>) =>
      db.schema
        .createTable('users')
        .addColumn('id', 'varchar(64)', (column) => column.primaryKey().notNull())
        .addColumn('username', 'varchar(32)', (column) => column.notNull())
        .addColumn('display_name', 'varchar(64)', (column) => column.notNull())
        .addColumn('email', 'varchar(254)')
        .addColumn('avatar_url', 'varchar(2048)')
        .addColumn('gender', 'varchar(16)', (column) => column.notNull())
        .addColumn('role', 'varchar(16)', (column) => column.notNull())
        .addColumn('state', 'varchar(16)', (column) => column.notNull())
        .addColumn('password_hash', 'varchar(255)')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('users_username_unique', ['username'])
        .addUniqueConstraint('users_email_unique', ['email'])
        .execute(),
    down: (db: Kysely<unknown>) => db.schema.dropTable('users').execute(),
  },
  '2026-11-21-02-users-by-age': index('users_by_age', 'users', ['created_at', 'id']),
  '2026-11-21-03-users-by-role': index('users_by_role', 'users', ['role']),
  '2026-11-21-04-identities': {
    up: (db: Kysely<unknown>) =>
      db.schema
        .createTable('identities')
        .addColumn('provider', 'varchar(64)', (column) => column.notNull())
        .addColumn('provider_id', 'varchar(191)', (column) => column.notNull())
        .addColumn('user_id', 'varchar(64)', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        // Begins with user_id, so it also serves the foreign key: MySQL would make an index for that by
        // itself, and refuse to drop one of ours that took its place.
        .addPrimaryKeyConstraint('identities_key', ['user_id', 'provider', 'provider_id'])
        .addUniqueConstraint('identities_provider_unique', ['provider', 'provider_id'])
        .addForeignKeyConstraint(
          'identities_user_exists',
          ['user_id'],
          'users',
          ['id'],
          (constraint) => constraint.onDelete('cascade'),
        )
        .execute(),
    down: (db: Kysely<unknown>) => db.schema.dropTable('identities').execute(),
  },
  '2026-11-21-05-audit-events': {
    // No foreign key: what happened to a user stays known when the user is gone.
    up: (db: Kysely<unknown>) =>
      db.schema
        .createTable('audit_events')
        .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('type', 'varchar(64)', (column) => column.notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('actor_id', 'varchar(64)')
        .addColumn('user_id', 'varchar(64)')
        .addColumn('session_id', 'varchar(64)')
        .addColumn('address', 'varchar(64)')
        .addColumn('data', 'text', (column) => column.notNull())
        .execute(),
    down: (db: Kysely<unknown>) => db.schema.dropTable('audit_events').execute(),
  },
  '2026-11-21-06-audit-events-by-user': index('audit_events_by_user', 'audit_events', [
    'user_id',
    'at',
  ]),
  '2026-11-21-07-audit-events-by-time': index('audit_events_by_time', 'audit_events', ['at']),
  '2026-11-21-08-users-email-verified': {
    up: (db: Kysely<unknown>) =>
      db.schema
        .alterTable('users')
        .addColumn('email_verified', 'smallint', (column) => column.notNull().defaultTo(0))
        .execute(),
    down: (db: Kysely<unknown>) =>
      db.schema.alterTable('users').dropColumn('email_verified').execute(),
  },
  '2026-11-21-09-unfinished-ends': {
    // No foreign key: the sessions of a user who is gone must end, too.
    up: (db: Kysely<unknown>) =>
      db.schema
        .createTable('unfinished_ends')
        .addColumn('id', 'varchar(64)', (column) => column.primaryKey().notNull())
        .addColumn('user_id', 'varchar(64)', (column) => column.notNull())
        .addColumn('reason', 'varchar(32)', (column) => column.notNull())
        .addColumn('except_session_id', 'varchar(64)')
        .addColumn('changed_at', 'bigint', (column) => column.notNull())
        .execute(),
    down: (db: Kysely<unknown>) => db.schema.dropTable('unfinished_ends').execute(),
  },
}

function index(name: string, table: string, columns: string[]): Migration {
  return {
    up: (db: Kysely<unknown>) => db.schema.createIndex(name).on(table).columns(columns).execute(),
    down: (db: Kysely<unknown>) => {
      const drop = db.schema.dropIndex(name)
      // MySQL wants the table named, SQLite wants it not.
      const isMysql = db.getExecutor().adapter instanceof MysqlAdapter
      return (isMysql ? drop.on(table) : drop).execute()
    },
  }
}
