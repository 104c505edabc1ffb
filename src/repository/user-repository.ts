import type {
  CompiledQuery,
  ExpressionBuilder,
  ExpressionWrapper,
  Kysely,
  Selectable,
  SqlBool,
  Updateable,
} from 'kysely'
import {
  type EmailHolder,
  type NewUser,
  type User,
  type UserChanges,
  type UserCredentials,
  type UserPage,
  type UserRepository,
  type UserSlice,
  type UserSliceQuery,
  USER_PAGE_MAX,
} from '../domain/user.js'
import { invalidArgument } from '../errors/app-error.js'
import type { SqlSchema, SqlStore, UserTable } from './sql-store.js'
import { kyselyOf } from './transaction-runner.js'
import { lockUser } from './user-lock.js'

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
    findLatest: (id) => findOne(store.latest, 'id', id),
    findCredentials: (login) => findCredentials(store.latest, login),
    findByEmail: (email) => findByEmail(store.latest, email),
    list: (options) => listUsers(reader, options),
    slice: (query) => sliceUsers(reader, query),
    count: async () => {
      const row = await reader
        .selectFrom('users')
        .select((select) => select.fn.countAll<number | string | bigint>().as('total'))
        .executeTakeFirstOrThrow()
      return Number(row.total)
    },

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

    releaseUnverifiedEmail: async (tx, email) => {
      // Whom it concerns is known only once it is read.
      const holder = await lockUnverifiedHolder(kyselyOf(store, tx, []), email)
      if (!holder) return null
      await kyselyOf(store, tx, [holder.id])
        .updateTable('users')
        .set({ email: null })
        .where('id', '=', holder.id)
        .execute()
      return holder.id
    },

    update: async (tx, id, changes) => {
      const db = kyselyOf(store, tx, [id])
      const values = changedColumns(changes)
      if (Object.keys(values).length > 0) {
        await db.updateTable('users').set(values).where('id', '=', id).execute()
      }
      return findOne(db, 'id', id)
    },

    delete: async (tx, id) => {
      const { numDeletedRows } = await kyselyOf(store, tx, [id])
        .deleteFrom('users')
        .where('id', '=', id)
        .executeTakeFirst()
      return numDeletedRows > 0n
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

async function findByEmail(db: Kysely<SqlSchema>, email: string): Promise<EmailHolder | null> {
  const row = await db
    .selectFrom('users')
    .select([...COLUMNS, 'email_verified'])
    .where('email', '=', email)
    .executeTakeFirst()
  return row ? { user: toUser(row), isEmailVerified: row.email_verified === 1 } : null
}

/** Who claims the address without proof, in a state that holds until the transaction is over. */
async function lockUnverifiedHolder(db: Kysely<SqlSchema>, email: string): Promise<User | null> {
  await lockUser(db, 'email', email)
  const holder = await findByEmail(db, email)
  return holder && !holder.isEmailVerified ? holder.user : null
}

async function listUsers(
  db: Kysely<SqlSchema>,
  options: { limit: number; after?: string },
): Promise<UserPage> {
  const { after } = options
  const { edges, goesOn } = await readEdges(db, {
    limit: options.limit,
    from: 'start',
    ...(after === undefined ? {} : { after }),
  })
  return {
    users: edges.map(({ user }) => user),
    next: goesOn ? (edges.at(-1)?.cursor ?? null) : null,
  }
}

async function sliceUsers(db: Kysely<SqlSchema>, query: UserSliceQuery): Promise<UserSlice> {
  const { edges, goesOn, behind } = await readEdges(db, query)
  const isForward = query.from === 'start'
  // Behind the reading direction there is something exactly when there is something beyond the cursor.
  const isSomethingBehind = behind !== null && (await existsBeyond(db, behind, isForward))
  return {
    edges,
    hasPrevious: isForward ? isSomethingBehind : goesOn,
    hasNext: isForward ? goesOn : isSomethingBehind,
  }
}

/** One row more than asked for tells whether the list goes on in the direction of reading. */
async function readEdges(
  db: Kysely<SqlSchema>,
  query: UserSliceQuery,
): Promise<{ edges: UserSlice['edges']; goesOn: boolean; behind: Place | null }> {
  const limit = Math.min(Math.max(Math.trunc(query.limit), 1), USER_PAGE_MAX)
  const after = query.after === undefined ? null : parseCursor(query.after, 'after')
  const before = query.before === undefined ? null : parseCursor(query.before, 'before')
  const isForward = query.from === 'start'
  let select = db
    .selectFrom('users')
    .select(COLUMNS)
    .orderBy('created_at', isForward ? 'asc' : 'desc')
    .orderBy('id', isForward ? 'asc' : 'desc')
    .limit(limit + 1)
  if (after) select = select.where(isAfter(after))
  if (before) select = select.where(isBefore(before))
  const rows = await select.execute()
  const users = rows.slice(0, limit).map(toUser)
  if (!isForward) users.reverse()
  const edges = users.map((user) => ({ cursor: formatCursor(user), user }))
  return { edges, goesOn: rows.length > limit, behind: isForward ? after : before }
}

type Place = { readonly createdAt: number; readonly id: string }
type UserCondition = (
  where: ExpressionBuilder<SqlSchema, 'users'>,
) => ExpressionWrapper<SqlSchema, 'users', SqlBool>

// The first line of each says the same as the second, in the words that the index understands.
function isAfter({ createdAt, id }: Place): UserCondition {
  return (where) =>
    where.and([
      where('created_at', '>=', createdAt),
      where.or([where('created_at', '>', createdAt), where('id', '>', id)]),
    ])
}

function isBefore({ createdAt, id }: Place): UserCondition {
  return (where) =>
    where.and([
      where('created_at', '<=', createdAt),
      where.or([where('created_at', '<', createdAt), where('id', '<', id)]),
    ])
}

/** Whether anybody stands at the place itself or on the far side of it. */
async function existsBeyond(
  db: Kysely<SqlSchema>,
  place: Place,
  isForward: boolean,
): Promise<boolean> {
  const { createdAt, id } = place
  const row = await db
    .selectFrom('users')
    .select('id')
    .where((where) =>
      where.or([
        where.and([where('created_at', '=', createdAt), where('id', '=', id)]),
        (isForward ? isBefore : isAfter)(place)(where),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Opaque to callers; names a place in the order, so it holds when its user is gone. */
function formatCursor(user: User): string {
  return Buffer.from(`${user.createdAt}:${user.id}`).toString('base64url')
}

function parseCursor(cursor: string, path: 'after' | 'before'): Place {
  const match = /^(\d{1,15}):(.+)$/s.exec(Buffer.from(cursor, 'base64url').toString())
  if (match?.[1] !== undefined && match[2] !== undefined) {
    return { createdAt: Number(match[1]), id: match[2] }
  }
  const message = 'The place to go on from must be a cursor of an earlier page.'
  throw invalidArgument(message, [{ path, message }])
}

function changedColumns(changes: UserChanges): Updateable<UserTable> {
  const { displayName, gender, role, state, avatarUrl } = changes
  const { email, isEmailVerified, passwordHash } = changes
  return {
    ...(displayName !== undefined && { display_name: displayName }),
    ...(gender !== undefined && { gender }),
    ...(role !== undefined && { role }),
    ...(state !== undefined && { state }),
    ...(avatarUrl !== undefined && { avatar_url: avatarUrl }),
    ...(email !== undefined && { email, email_verified: isEmailVerified === true ? 1 : 0 }),
    ...(passwordHash !== undefined && { password_hash: passwordHash }),
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
    email_verified: user.isEmailVerified === true ? 1 : 0,
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
