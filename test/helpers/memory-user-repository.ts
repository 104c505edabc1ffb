import { AppError } from '../../src/errors/app-error.js'
import {
  USER_PAGE_MAX,
  type NewUser,
  type User,
  type UserRepository,
} from '../../src/domain/user.js'

/** The users in memory, with the rules of the port and a record of the names that were looked up. */
export interface MemoryUserRepository extends UserRepository {
  readonly lookups: string[]
  /** Puts a user in without a transaction. */
  add(user: Partial<NewUser> & { id: string; username: string }): User
  remove(id: string): void
}

export function createMemoryUserRepository(): MemoryUserRepository {
  const rows = new Map<string, NewUser>()
  const lookups: string[] = []

  function publicPart(row: NewUser): User {
    const { id, username, displayName, email, avatarUrl, gender, role, state, createdAt } = row
    return { id, username, displayName, email, avatarUrl, gender, role, state, createdAt }
  }
  function find(matches: (row: NewUser) => boolean): NewUser | null {
    return [...rows.values()].find(matches) ?? null
  }
  function insert(user: NewUser): User {
    if (find((row) => row.username === user.username)) {
      throw new AppError('ALREADY_EXISTS', 'username_taken', 'This username is taken.')
    }
    if (user.email !== null && find((row) => row.email === user.email)) {
      throw new AppError('ALREADY_EXISTS', 'email_taken', 'This e-mail address is taken.')
    }
    rows.set(user.id, user)
    return publicPart(user)
  }

  const findById = async (id: string): Promise<User | null> => {
    const row = rows.get(id)
    return row ? publicPart(row) : null
  }

  return {
    lookups,
    add: (user) =>
      insert({
        displayName: user.username,
        email: null,
        avatarUrl: null,
        gender: 'unknown',
        role: 'user',
        state: 'active',
        createdAt: 0,
        passwordHash: null,
        ...user,
      }),
    remove: (id) => void rows.delete(id),
    findById,
    findLatest: findById,
    async findByUsername(username) {
      const row = find((candidate) => candidate.username === username)
      return row ? publicPart(row) : null
    },
    async findCredentials(login) {
      lookups.push(login)
      const row = find((user) => (login.includes('@') ? user.email : user.username) === login)
      return row ? { user: publicPart(row), passwordHash: row.passwordHash } : null
    },
    async findByEmail(email) {
      const row = find((user) => user.email === email)
      return row ? { user: publicPart(row), isEmailVerified: row.isEmailVerified === true } : null
    },
    async releaseUnverifiedEmail(_tx, email) {
      const row = find((user) => user.email === email && user.isEmailVerified !== true)
      if (!row) return null
      rows.set(row.id, { ...row, email: null })
      return row.id
    },
    async list({ limit, after }) {
      const all = [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
      const rest = all.filter((row) => after === undefined || row.id > after)
      const size = Math.min(limit, USER_PAGE_MAX)
      const users = rest.slice(0, size).map(publicPart)
      return { users, next: rest.length > size ? (users.at(-1)?.id ?? null) : null }
    },
    async slice({ limit, from, after = '', before = '\uffff' }) {
      const all = [...rows.keys()].sort()
      const inside = all.filter((id) => id > after && id < before)
      const size = Math.min(limit, USER_PAGE_MAX)
      const ids = from === 'start' ? inside.slice(0, size) : inside.slice(-size)
      return {
        edges: ids.flatMap((cursor) => {
          const row = rows.get(cursor)
          return row ? [{ cursor, user: publicPart(row) }] : []
        }),
        hasPrevious: all.some((id) => id < (ids[0] ?? before)),
        hasNext: all.some((id) => id > (ids.at(-1) ?? after)),
      }
    },
    async count() {
      return rows.size
    },
    async existsWithRole(role) {
      return find((row) => row.role === role) !== null
    },
    async create(_tx, user) {
      return insert(user)
    },
    async update(_tx, id, changes) {
      const row = rows.get(id)
      if (!row) return null
      const { email } = changes
      if (typeof email === 'string' && find((user) => user.email === email && user.id !== id)) {
        throw new AppError('ALREADY_EXISTS', 'email_taken', 'This e-mail address is taken.')
      }
      const isEmailVerified =
        email === undefined ? row.isEmailVerified === true : changes.isEmailVerified === true
      const changed = { ...row, ...changes, isEmailVerified }
      rows.set(id, changed)
      return publicPart(changed)
    },
    async delete(_tx, id) {
      return rows.delete(id)
    },
  }
}
