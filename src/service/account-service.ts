import type { AuditLog } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import type { PasswordHasher } from '../domain/password.js'
import type { TransactionRunner } from '../domain/transaction.js'
import {
  parseUserRole,
  type User,
  type UserChanges,
  userNotFound,
  type UserPage,
  type UserRepository,
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
import { changeUser } from './user-change.js'

export type { NewAccount } from './account-input.js'

export interface AccountService {
  /**
   * Creates an account with role `user`. `address` is the peer's, for the audit log.
   * Raises INVALID_ARGUMENT with every wrong field in `details`, ALREADY_EXISTS with `username_taken` or
   * `email_taken`, RESOURCE_EXHAUSTED with `hashing_busy` or `too_many_attempts`.
   */
  register(account: NewAccount, address: string): Promise<User>
  /** The operator's way to an account, with any role. Raises as `register` does. */
  createAsOperator(account: NewAccount & { role: string }): Promise<User>
  /**
   * Sets the role of the user with that username; access tokens carry it from the next refresh on.
   * Raises NOT_FOUND, INVALID_ARGUMENT.
   */
  setRole(username: string, role: string): Promise<User>
  /** Changes the caller's own display name or gender. Raises NOT_FOUND, INVALID_ARGUMENT. */
  updateProfile(userId: string, changes: Pick<UserChanges, 'displayName' | 'gender'>): Promise<User>
  /** By username. Raises NOT_FOUND. */
  findByUsername(username: string): Promise<User>
  list(options: { limit: number; after?: string }): Promise<UserPage>
  hasAdmin(): Promise<boolean>
}

export interface AccountServiceDeps {
  readonly users: UserRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly passwordHasher: PasswordHasher
  readonly throttle: Pick<PasswordThrottle, 'countRegistration'>
  readonly clock: Clock
  /** Whether many people have this password. Asked with the normalised form in lower case. */
  readonly isCommonPassword: (password: string) => boolean
}

export function createAccountService(deps: AccountServiceDeps): AccountService {
  const { users } = deps
  return {
    async register(account, address) {
      const valid = validateAccount(account, 'user', deps.isCommonPassword)
      await deps.throttle.countRegistration(address)
      return createUser(deps, valid, { type: 'user.registered', address })
    },
    async createAsOperator(account) {
      const valid = validateAccount(account, account.role, deps.isCommonPassword)
      return createUser(deps, valid, { type: 'user.created', address: null })
    },
    setRole: (username, role) => setRole(deps, username, role),
    updateProfile: (userId, changes) => updateProfile(deps, userId, changes),
    findByUsername: (username) => mustFindByUsername(users, username),
    list: (options) => users.list(options),
    hasAdmin: () => users.existsWithRole('admin'),
  }
}

async function createUser(
  deps: AccountServiceDeps,
  account: ValidAccount,
  event: { type: 'user.registered' | 'user.created'; address: string | null },
): Promise<User> {
  // Before the transaction: the embedded store has one writer, and a hash takes its time.
  const passwordHash = await deps.passwordHasher.hash(account.password)
  const now = deps.clock.now()
  const id = uuidV7(now)
  return deps.transactions.run(async (tx) => {
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
  })
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

async function updateProfile(
  deps: AccountServiceDeps,
  userId: string,
  { displayName, gender }: Pick<UserChanges, 'displayName' | 'gender'>,
): Promise<User> {
  const changes = validateChanges({
    ...(displayName === undefined ? {} : { displayName }),
    ...(gender === undefined ? {} : { gender }),
  })
  return changeUser(deps, userId, changes, { actorId: userId, address: null })
}

async function mustFindByUsername(users: UserRepository, username: string): Promise<User> {
  const user = await users.findByUsername(username.toLowerCase())
  if (!user) throw userNotFound()
  return user
}
