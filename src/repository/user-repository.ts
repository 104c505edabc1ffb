import type { CompiledQuery, Kysely, Selectable } from 'kysely'
import {
  type NewUser,
  type User,
  type UserChanges,
  type UserCredentials,
  type UserPage,
  type UserRepository,
  USER_PAGE_MAX,
} from '../domain/user.js'
import { invalidArgument } from '../errors/app-error.js'
import type { SqlSchema, SqlStore, UserTable } from './sql-store.js'
import { kyselyOf } from './transaction-runner.js'

const COLUMNS = [
  'id',
  'username',
  'display_name',
  'email',
  'avatar_url',
  'gender',
  'role',
  'state',
  'created_at',
] as const satisfies readonly (keyof UserTable)[]

type UserRow = Pick<Selectable<UserTable>, (typeof COLUMNS)[number]>

export function createUserRepository(store: SqlStore): UserRepository {
  const { reader } = store
  const byId: CompiledQuery<UserRow> = reader
    .selectFrom('users')
    .select(COLUMNS)
    .where('id', '=', '')
    .compile()
  return {
    // Asked with every authenticated request: building the query anew costs more than running it.
    findById: async (id) => {
      const { rows } = await store
        .readerFor(id)
        .executeQuery<UserRow>({ ...byId, parameters: [id] })
      return rows[0] ? toUser(rows[0]) : null
    },
    findByUsername: (username) => findOne(reader, 'username', username),
    // Who was frozen or has a new password a moment ago is refused everywhere at once.
    findCredentials: (login) => findCredentials(store.latest, login),
    list: (options) => listUsers(reader, options),

    existsWithRole: async (role) => {
      const row = await reader
        .selectFrom('users')
        .select('id')
        .where('role', '=', role)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },

    create: async (tx, user) => {
      await kyselyOf(store, tx, [user.id]).insertInto('users').values(toRow(user)).execute()
      return withoutHash(user)
    },

    update: async (tx, id, changes) => {
      const db = kyselyOf(store, tx, [id])
      const values = changedColumns(changes)
      if (Object.keys(values).length > 0) {
        await db.updateTable('users').set(values).where('id', '=', id).execute()
      }
      return findOne(db, 'id', id)
    },
  }
}

async function findOne(
  db: Kysely<SqlSchema>,
  column: 'id' | 'username',
  value: string,
): Promise<User | null> {
  const row = await db
    .selectFrom('users')
    .select(COLUMNS)
    .where(column, '=', value)
    .executeTakeFirst()
  return row ? toUser(row) : null
}

async function findCredentials(
  db: Kysely<SqlSchema>,
  login: string,
): Promise<UserCredentials | null> {
  const row = await db
    .selectFrom('users')
    .select([...COLUMNS, 'password_hash'])
    .where(login.includes('@') ? 'email' : 'username', '=', login)
    .executeTakeFirst()
  return row ? { user: toUser(row), passwordHash: row.password_hash } : null
}

async function listUsers(
  db: Kysely<SqlSchema>,
  options: { limit: number; after?: string },
): Promise<UserPage> {
  const limit = Math.min(Math.max(Math.trunc(options.limit), 1), USER_PAGE_MAX)
  let query = db
    .selectFrom('users')
    .select(COLUMNS)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit + 1)
  if (options.after !== undefined) {
    const { createdAt, id } = parseCursor(options.after)
    query = query.where((where) =>
      where.and([
        // Says the same as the line below it, in the words that the index understands.
        where('created_at', '>=', createdAt),
        where.or([where('created_at', '>', createdAt), where('id', '>', id)]),
      ]),
    )
  }
  const users = (await query.execute()).map(toUser)
  const page = users.slice(0, limit)
  const last = page.at(-1)
  return { users: page, next: last && users.length > limit ? formatCursor(last) : null }
}

/** Opaque to callers; names a place in the order, so it holds when its user is gone. */
function formatCursor(user: User): string {
  return Buffer.from(`${user.createdAt}:${user.id}`).toString('base64url')
}

function parseCursor(cursor: string): { createdAt: number; id: string } {
  const match = /^(\d{1,15}):(.+)$/s.exec(Buffer.from(cursor, 'base64url').toString())
  if (match?.[1] !== undefined && match[2] !== undefined) {
    return { createdAt: Number(match[1]), id: match[2] }
  }
  const message = 'The place to go on after must be the `next` of an earlier page.'
  throw invalidArgument(message, [{ path: 'after', message }])
}

function changedColumns(
  changes: UserChanges,
): Partial<Pick<Selectable<UserTable>, 'display_name' | 'gender' | 'role' | 'state'>> {
  const { displayName, gender, role, state } = changes
  return {
    ...(displayName !== undefined && { display_name: displayName }),
    ...(gender !== undefined && { gender }),
    ...(role !== undefined && { role }),
    ...(state !== undefined && { state }),
  }
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    avatarUrl: row.avatar_url,
    gender: row.gender,
    role: row.role,
    state: row.state,
    createdAt: row.created_at,
  }
}

function toRow(user: NewUser): Selectable<UserTable> {
  return {
    id: user.id,
    username: user.username,
    display_name: user.displayName,
    email: user.email,
    avatar_url: user.avatarUrl,
    gender: user.gender,
    role: user.role,
    state: user.state,
    password_hash: user.passwordHash,
    created_at: user.createdAt,
  }
}

function withoutHash(user: NewUser): User {
  return toUser(toRow(user))
}
