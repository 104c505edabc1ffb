import type { AuditLog } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import type { PasswordHasher } from '../domain/password.js'
import type { TransactionRunner, Work } from '../domain/transaction.js'
import {
  parseUserRole,
  type User,
  type UserChanges,
  userNotFound,
  type UserPage,
  type UserRepository,
  type UserSlice,
  type UserSliceQuery,
} from '../domain/user.js'
import { uuidV7 } from '../util/uuid.js'
import {
  type NewAccount,
  type ValidAccount,
  validateAccount,
  validateChanges,
} from './account-input.js'
import type { PasswordThrottle } from './password-throttle.js'
import { NOBODY } from './session-ender.js'
import { changeUser, planUserChange } from './user-change.js'
import type { AuthAnnouncer } from './auth-announcer.js'

export type { NewAccount } from './account-input.js'

export interface AccountService {
  /**
   * Creates an account with role `user`. `address` is the peer's, for the audit log.
   * Raises INVALID_ARGUMENT with every wrong field in `details`, ALREADY_EXISTS with `username_taken` or
   * `email_taken`, RESOURCE_EXHAUSTED with `hashing_busy` or `too_many_attempts`.
   */
  register(account: NewAccount, address: string): Promise<User>
  /**
   * The same in two parts, for a transaction that holds more than this: the checks and the hash, then the
   * writing. The first part raises INVALID_ARGUMENT and RESOURCE_EXHAUSTED, the second ALREADY_EXISTS.
   */
  planRegistration(account: NewAccount, address: string): Promise<Work<User>>
  /** The operator's way to an account, with any role. Raises as `register` does. */
  createAsOperator(account: NewAccount & { role: string }): Promise<User>
  /**
   * Sets the role of the user with that username; access tokens carry it from the next refresh on.
   * Raises NOT_FOUND, INVALID_ARGUMENT.
   */
  setRole(username: string, role: string): Promise<User>
  /** Changes the caller's own display name or gender. Raises NOT_FOUND, INVALID_ARGUMENT. */
  updateProfile(userId: string, changes: Pick<UserChanges, 'displayName' | 'gender'>): Promise<User>
  /** The same in two parts: the first raises INVALID_ARGUMENT, the second NOT_FOUND. */
  planProfileUpdate(
    userId: string,
    changes: Pick<UserChanges, 'displayName' | 'gender'>,
  ): Promise<Work<User>>
  /** By username. Raises NOT_FOUND. */
  findByUsername(username: string): Promise<User>
  /** By id. Raises NOT_FOUND. */
  findById(id: string): Promise<User>
  list(options: { limit: number; after?: string }): Promise<UserPage>
  /** Part of the list between two places in it. Raises INVALID_ARGUMENT for a cursor that is none. */
  slice(query: UserSliceQuery): Promise<UserSlice>
  count(): Promise<number>
  hasAdmin(): Promise<boolean>
}

export interface AccountServiceDeps {
  readonly users: UserRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly passwordHasher: PasswordHasher
  readonly throttle: Pick<PasswordThrottle, 'countRegistration'>
  readonly announcer: AuthAnnouncer
  readonly clock: Clock
  /** Whether many people have this password. Asked with the normalised form in lower case. */
  readonly isCommonPassword: (password: string) => boolean
}

export function createAccountService(deps: AccountServiceDeps): AccountService {
  const { users } = deps
  return {
    register: async (account, address) =>
      deps.transactions.run(await planRegistration(deps, account, address)),
    planRegistration: (account, address) => planRegistration(deps, account, address),
    async createAsOperator(account) {
      const valid = validateAccount(account, account.role, deps.isCommonPassword)
      const event = { type: 'user.created', address: null } as const
      return deps.transactions.run(await planUser(deps, valid, event))
    },
    setRole: (username, role) => setRole(deps, username, role),
    updateProfile: async (userId, changes) =>
      deps.transactions.run(await planProfileUpdate(deps, userId, changes)),
    planProfileUpdate: (userId, changes) => planProfileUpdate(deps, userId, changes),
    findByUsername: (username) => mustFindByUsername(users, username),
    async findById(id) {
      const user = await users.findById(id)
      if (!user) throw userNotFound()
      return user
    },
    list: (options) => users.list(options),
    slice: (query) => users.slice(query),
    count: () => users.count(),
    hasAdmin: () => users.existsWithRole('admin'),
  }
}

async function planRegistration(
  deps: AccountServiceDeps,
  account: NewAccount,
  address: string,
): Promise<Work<User>> {
  const valid = validateAccount(account, 'user', deps.isCommonPassword)
  await deps.throttle.countRegistration(address)
  return planUser(deps, valid, { type: 'user.registered', address })
}

async function planUser(
  deps: AccountServiceDeps,
  account: ValidAccount,
  event: { type: 'user.registered' | 'user.created'; address: string | null },
): Promise<Work<User>> {
  // Before the transaction: the embedded store has one writer, and a hash takes its time.
  const passwordHash = await deps.passwordHasher.hash(account.password)
  const now = deps.clock.now()
  const id = uuidV7(now)
  return async (tx) => {
    const user = await deps.users.create(tx, {
      id,
      username: account.username,
      displayName: account.displayName,
      email: account.email,
      avatarUrl: null,
      gender: 'unknown',
      role: account.role,
      state: 'active',
      createdAt: now,
      passwordHash,
    })
    const actorId = event.type === 'user.registered' ? id : null
    const data = { username: user.username, role: user.role }
    await deps.auditLog.append(
      { ...event, at: now, actorId, userId: id, sessionId: null, data },
      tx,
    )
    return user
  }
}

async function setRole(
  deps: AccountServiceDeps,
  username: string,
  roleName: string,
): Promise<User> {
  const role = parseUserRole(roleName)
  const user = await mustFindByUsername(deps.users, username)
  if (user.role === role) return user
  return changeUser(deps, user.id, { role }, NOBODY)
}

type ProfileChanges = Pick<UserChanges, 'displayName' | 'gender'>

/** The checks of a change of one's own profile, and what will write it. */
async function planProfileUpdate(
  deps: AccountServiceDeps,
  userId: string,
  { displayName, gender }: ProfileChanges,
): Promise<Work<User>> {
  const changes = validateChanges({
    ...(displayName === undefined ? {} : { displayName }),
    ...(gender === undefined ? {} : { gender }),
  })
  return planUserChange(deps, userId, changes, { actorId: userId, address: null })
}

async function mustFindByUsername(users: UserRepository, username: string): Promise<User> {
  const user = await users.findByUsername(username.toLowerCase())
  if (!user) throw userNotFound()
  return user
}
