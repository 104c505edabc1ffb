import { AppError } from '../errors/app-error.js'
import type { AuditEvent, AuditLog } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import type { Identity, IdentityRepository } from '../domain/identity.js'
import type { ExternalProfile } from '../domain/identity-provider.js'
import { sessionOver } from '../domain/session.js'
import type { Transaction, TransactionRunner } from '../domain/transaction.js'
import { type User, userNotFound, type UserRepository } from '../domain/user.js'
import { uuidV7 } from '../util/uuid.js'
import { type CleanProfile, cleanProfile, usernameFor } from './external-profile.js'

/** How often a sign-in that lost a race against another looks again. */
const ATTEMPTS_MAX = 8
/** Races that another look settles: somebody was faster with the account, the name or the address. */
const RACE_REASONS: ReadonlySet<string> = new Set([
  'identity_taken',
  'username_taken',
  'email_taken',
])

export interface ExternalAccountDeps {
  readonly users: UserRepository
  readonly identities: IdentityRepository
  readonly transactions: TransactionRunner
  readonly auditLog: AuditLog
  readonly clock: Clock
}

/** Who signed in at which provider, and from where. */
export interface ExternalSignIn {
  readonly provider: string
  readonly profile: ExternalProfile
  /** The peer's, for the audit log. */
  readonly address: string
}

/**
 * The user of an account at a provider: the one it belongs to, else the one with the same address where both
 * sides have it proved, else a new one. Name and picture become those of the provider.
 *
 * An address that somebody here claims without proof goes to whoever proves it: neither can the first one keep
 * the second from it, nor does the second get into the account of the first.
 *
 * Raises UNAUTHENTICATED (`user_frozen`).
 */
export async function userOfExternalAccount(
  deps: ExternalAccountDeps,
  signIn: ExternalSignIn,
): Promise<User> {
  const profile = cleanProfile(signIn.profile)
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await findOrCreate(deps, signIn, profile, attempt)
    } catch (error) {
      const isRace = error instanceof AppError && RACE_REASONS.has(error.reason)
      if (!isRace || attempt + 1 >= ATTEMPTS_MAX) throw error
    }
  }
}

/**
 * Links an account at a provider to a user who is signed in. Raises ALREADY_EXISTS with `identity_taken` when
 * it is linked to somebody else, `provider_linked` when the user has another one of this provider; NOT_FOUND
 * (`user_not_found`).
 */
export async function linkExternalAccount(
  deps: ExternalAccountDeps,
  userId: string,
  signIn: ExternalSignIn,
): Promise<void> {
  const { identities, transactions } = deps
  const { provider, profile, address } = signIn
  const known = await identities.find(provider, profile.providerId)
  if (known?.userId === userId) return
  if (known) throw identityTaken()
  await transactions.run(async (tx) => {
    const ways = await identities.lockWaysOf(tx, userId)
    if (!ways) throw userNotFound()
    if (ways.identities.some((identity) => identity.provider === provider)) {
      const message = 'Another account of this provider is linked already; unlink it first.'
      throw new AppError('ALREADY_EXISTS', 'provider_linked', message)
    }
    await link(deps, tx, { userId, provider, profile, address })
  })
}

/**
 * Takes the accounts of a provider away from a user. Raises NOT_FOUND (`identity_not_found`), and
 * FAILED_PRECONDITION (`last_sign_in_method`) when nothing would be left to sign in with.
 */
export async function unlinkExternalAccount(
  deps: ExternalAccountDeps,
  userId: string,
  provider: string,
  address: string | null,
): Promise<void> {
  const { identities, transactions } = deps
  await transactions.run(async (tx) => {
    const ways = await identities.lockWaysOf(tx, userId)
    const removed = ways?.identities.filter((identity) => identity.provider === provider) ?? []
    if (!ways || removed.length === 0) {
      const message = 'No account of this provider is linked.'
      throw new AppError('NOT_FOUND', 'identity_not_found', message)
    }
    if (!ways.hasPassword && removed.length === ways.identities.length) {
      const message = 'This is the last way to sign in; link another account first.'
      throw new AppError('FAILED_PRECONDITION', 'last_sign_in_method', message)
    }
    await identities.remove(tx, userId, provider)
    const data = { provider }
    await append(deps, tx, { type: 'identity.unlinked', userId, address, data })
  })
}

async function findOrCreate(
  deps: ExternalAccountDeps,
  signIn: ExternalSignIn,
  profile: CleanProfile,
  attempt: number,
): Promise<User> {
  const { users, identities } = deps
  const identity = await identities.find(signIn.provider, signIn.profile.providerId)
  if (identity) return refreshProfile(deps, identity, profile)
  const { email, isEmailVerified } = profile
  const holder = email === null ? null : await users.findByEmail(email)
  if (isEmailVerified && holder?.isEmailVerified === true) {
    return linkAndRefresh(deps, holder.user, signIn, profile)
  }
  return createUser(deps, signIn, profile, attempt)
}

async function refreshProfile(
  deps: ExternalAccountDeps,
  identity: Identity,
  profile: CleanProfile,
): Promise<User> {
  const user = await deps.users.findLatest(identity.userId)
  if (!user) throw userNotFound()
  refuseFrozen(user)
  const isChanged = Object.entries(changesOf(profile)).some(
    ([name, value]) => user[name as keyof User] !== value,
  )
  // Most sign-ins find nothing new, and need no write.
  if (!isChanged) return user
  return deps.transactions.run((tx) => applyProfile(deps, tx, user.id, profile))
}

function linkAndRefresh(
  deps: ExternalAccountDeps,
  holder: User,
  { provider, profile: external, address }: ExternalSignIn,
  profile: CleanProfile,
): Promise<User> {
  refuseFrozen(holder)
  return deps.transactions.run(async (tx) => {
    await link(deps, tx, { userId: holder.id, provider, profile: external, address })
    return applyProfile(deps, tx, holder.id, profile)
  })
}

function createUser(
  deps: ExternalAccountDeps,
  { provider, profile: external, address }: ExternalSignIn,
  profile: CleanProfile,
  attempt: number,
): Promise<User> {
  const { users, transactions, clock } = deps
  const now = clock.now()
  const id = uuidV7(now)
  const username = usernameFor(external, attempt)
  // An address without proof is no more than a claim, and anybody's: it is not taken over.
  const email = profile.isEmailVerified ? profile.email : null
  return transactions.run(async (tx) => {
    if (email !== null) await reclaimEmail(deps, tx, email, address)
    const user = await users.create(tx, {
      id,
      username,
      displayName: profile.displayName ?? username,
      email,
      isEmailVerified: email !== null,
      avatarUrl: profile.avatarUrl,
      gender: 'unknown',
      role: 'user',
      state: 'active',
      createdAt: now,
      passwordHash: null,
    })
    const data = { username, role: user.role, provider }
    await append(deps, tx, { type: 'user.registered', userId: id, address, data })
    await link(deps, tx, { userId: id, provider, profile: external, address })
    return user
  })
}

/** Takes the address away from whoever claims it without proof. */
async function reclaimEmail(
  deps: ExternalAccountDeps,
  tx: Transaction,
  email: string,
  address: string,
): Promise<void> {
  const userId = await deps.users.releaseUnverifiedEmail(tx, email)
  if (userId === null) return
  const type = 'user.email_reclaimed'
  await append(deps, tx, { type, userId, address, actorId: null, data: {} })
}

async function link(
  deps: ExternalAccountDeps,
  tx: Transaction,
  { userId, provider, profile, address }: ExternalSignIn & { readonly userId: string },
): Promise<void> {
  const { providerId } = profile
  await deps.identities.create(tx, { userId, provider, providerId, createdAt: deps.clock.now() })
  await append(deps, tx, { type: 'identity.linked', userId, address, data: { provider } })
}

async function applyProfile(
  { users }: ExternalAccountDeps,
  tx: Transaction,
  userId: string,
  profile: CleanProfile,
): Promise<User> {
  const user = await users.update(tx, userId, changesOf(profile))
  if (!user) throw userNotFound()
  return user
}

/** What the provider does not say stays as it is. */
function changesOf({ displayName, avatarUrl }: CleanProfile) {
  return {
    ...(displayName === null ? {} : { displayName }),
    ...(avatarUrl === null ? {} : { avatarUrl }),
  }
}

function refuseFrozen(user: User): void {
  if (user.state !== 'active') throw sessionOver('user_frozen')
}

function identityTaken(): AppError {
  const message = 'This account is already linked to somebody.'
  return new AppError('ALREADY_EXISTS', 'identity_taken', message)
}

/** Who acts is the user themselves, unless it is said otherwise. */
function append(
  { auditLog, clock }: ExternalAccountDeps,
  tx: Transaction,
  event: Pick<AuditEvent, 'type' | 'address' | 'data'> & {
    readonly userId: string
    readonly actorId?: null
  },
): Promise<void> {
  const { userId, actorId = userId } = event
  return auditLog.append({ ...event, actorId, sessionId: null, at: clock.now() }, tx)
}
