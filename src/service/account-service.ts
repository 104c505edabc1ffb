import { invalidArgument } from '../errors/app-error.js'
import type { AuditLog } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import type { PasswordHasher } from '../domain/password.js'
import type { TransactionRunner } from '../domain/transaction.js'
import {
  canonicalDisplayName,
  GENDERS,
  parseUserRole,
  type User,
  type UserChanges,
  userNotFound,
  type UserPage,
  type UserRepository,
} from '../domain/user.js'
import { uuidV7 } from '../util/uuid.js'
import { type NewAccount, type ValidAccount, validateAccount } from './account-input.js'

export type { NewAccount } from './account-input.js'

export interface AccountService {
  /**
   * Creates an account with role `user`. `address` is the peer's, for the audit log.
   * Raises INVALID_ARGUMENT with every wrong field in `details`, ALREADY_EXISTS with `username_taken` or
   * `email_taken`, RESOURCE_EXHAUSTED with `hashing_busy`.
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
  readonly clock: Clock
  /** Whether many people have this password. Asked with the normalised form in lower case. */
  readonly isCommonPassword: (password: string) => boolean
}

export function createAccountService(deps: AccountServiceDeps): AccountService {
  const { users } = deps
  return {
    async register(account, address) {
      const valid = validateAccount(account, 'user', deps.isCommonPassword)
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
  { users, transactions, auditLog, clock }: AccountServiceDeps,
  username: string,
  roleName: string,
): Promise<User> {
  const role = parseUserRole(roleName)
  const user = await mustFindByUsername(users, username)
  if (user.role === role) return user
  return transactions.run(async (tx) => {
    const changed = await users.update(tx, user.id, { role })
    if (!changed) throw userNotFound()
    const event = {
      type: 'user.role_changed',
      at: clock.now(),
      actorId: null,
      userId: user.id,
      sessionId: null,
      address: null,
      data: { from: user.role, to: role },
    } as const
    await auditLog.append(event, tx)
    return changed
  })
}

async function updateProfile(
  { users, transactions }: AccountServiceDeps,
  userId: string,
  changes: Pick<UserChanges, 'displayName' | 'gender'>,
): Promise<User> {
  const { displayName, gender } = changes
  if (gender !== undefined && !GENDERS.includes(gender)) {
    const message = `A gender is one of ${GENDERS.join(', ')}.`
    throw invalidArgument(message, [{ path: 'gender', message }])
  }
  const valid = {
    ...(displayName === undefined ? {} : { displayName: canonicalDisplayName(displayName) }),
    ...(gender === undefined ? {} : { gender }),
  }
  const user =
    Object.keys(valid).length === 0
      ? await users.findById(userId)
      : await transactions.run((tx) => users.update(tx, userId, valid))
  if (!user) throw userNotFound()
  return user
}

async function mustFindByUsername(users: UserRepository, username: string): Promise<User> {
  const user = await users.findByUsername(username.toLowerCase())
  if (!user) throw userNotFound()
  return user
}
