import { AppError, invalidArgument } from '../errors/app-error.js'
import type { Transaction } from './transaction.js'

export const USERNAME_CHARS_MIN = 3
export const USERNAME_CHARS_MAX = 32
export const DISPLAY_NAME_CHARS_MAX = 64
export const EMAIL_BYTES_MAX = 254
export const USER_PAGE_MAX = 200

export const USER_ROLES = ['user', 'admin'] as const
export type UserRole = (typeof USER_ROLES)[number]

export const USER_STATES = ['active', 'frozen'] as const
export type UserState = (typeof USER_STATES)[number]

export const GENDERS = ['unknown', 'male', 'female'] as const
export type Gender = (typeof GENDERS)[number]

/** An account. Never carries a password or its hash. */
export interface User {
  readonly id: string
  /** Canonical: lower-case ASCII, unique. */
  readonly username: string
  readonly displayName: string
  /** Canonical: lower-case, unique when present. */
  readonly email: string | null
  readonly avatarUrl: string | null
  readonly gender: Gender
  readonly role: UserRole
  readonly state: UserState
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A user together with the secret needed to check a password; only services see it. */
export interface UserCredentials {
  readonly user: User
  /** PHC string, or null for an account without a password. */
  readonly passwordHash: string | null
}

export type NewUser = User & {
  readonly passwordHash: string | null
  /** True only for an address that a provider has proved; false when not given. */
  readonly isEmailVerified?: boolean
}

/** A user by their address, and whether it has been proved that the address is theirs. */
export interface EmailHolder {
  readonly user: User
  readonly isEmailVerified: boolean
}

export interface UserChanges {
  readonly displayName?: string
  readonly gender?: Gender
  readonly role?: UserRole
  readonly state?: UserState
  readonly avatarUrl?: string | null
  /** Canonical; null takes it away. It counts as proved only when `isEmailVerified` is given with it. */
  readonly email?: string | null
  readonly isEmailVerified?: boolean
  /** PHC string. */
  readonly passwordHash?: string
}

export interface UserPage {
  readonly users: readonly User[]
  /** Pass as `after` to get the next page; null on the last. */
  readonly next: string | null
}

/** Part of the list of users, oldest first, between two places in it (GraphQL Cursor Connections). */
export interface UserSliceQuery {
  /** At most so many, 1 to USER_PAGE_MAX. */
  readonly limit: number
  /** `start`: the first ones after `after`; `end`: the last ones before `before`. The order stays the same. */
  readonly from: 'start' | 'end'
  /** Only what stands after this cursor. */
  readonly after?: string
  /** Only what stands before this cursor. */
  readonly before?: string
}

export interface UserSlice {
  readonly edges: readonly { readonly cursor: string; readonly user: User }[]
  /** Whether there are users before the first and after the last of the edges. */
  readonly hasPrevious: boolean
  readonly hasNext: boolean
}

// Letters of both cases are listed: folding first would let U+212A (Kelvin) become a k.
const USERNAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const EMAIL_PATTERN = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/
const UNSAFE_TEXT = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u

/**
 * The canonical form of a username: lower-case ASCII letters, digits, `.`, `_`, `-`, beginning with a
 * letter or digit, 3 to 32 characters. One form per name, so no look-alike can exist twice.
 * Raises INVALID_ARGUMENT.
 */
export function canonicalUsername(input: string): string {
  if (
    input.length < USERNAME_CHARS_MIN ||
    input.length > USERNAME_CHARS_MAX ||
    !USERNAME_PATTERN.test(input)
  ) {
    const message =
      `A username has ${USERNAME_CHARS_MIN} to ${USERNAME_CHARS_MAX} characters: ` +
      'letters a-z, digits, ".", "_" or "-", beginning with a letter or digit.'
    throw invalidArgument(message, [{ path: 'username', message }])
  }
  return input.toLowerCase()
}

/**
 * The canonical form of an e-mail address: lower-case ASCII (the atoms of RFC 5322, no quoted local part), at
 * most 254 bytes. Raises INVALID_ARGUMENT.
 */
export function canonicalEmail(input: string): string {
  if (input.length > EMAIL_BYTES_MAX || !EMAIL_PATTERN.test(input)) {
    const message = `An e-mail address looks like name@example.com, at most ${EMAIL_BYTES_MAX} bytes.`
    throw invalidArgument(message, [{ path: 'email', message }])
  }
  return input.toLowerCase()
}

/** A display name: trimmed, NFC, 1 to 64 characters, no control or format characters. Raises INVALID_ARGUMENT. */
export function canonicalDisplayName(input: string): string {
  const name = input.normalize('NFC').trim()
  if (name.length === 0 || [...name].length > DISPLAY_NAME_CHARS_MAX || UNSAFE_TEXT.test(name)) {
    const message = `A display name has 1 to ${DISPLAY_NAME_CHARS_MAX} characters without control characters.`
    throw invalidArgument(message, [{ path: 'displayName', message }])
  }
  return name
}

/** The role of that name. Raises INVALID_ARGUMENT. */
export function parseUserRole(input: string): UserRole {
  const role = USER_ROLES.find((candidate) => candidate === input)
  if (role) return role
  const message = `A role is one of ${USER_ROLES.join(', ')}, not "${input}".`
  throw invalidArgument(message, [{ path: 'role', message }])
}

/** The state of that name. Raises INVALID_ARGUMENT. */
export function parseUserState(input: string): UserState {
  const state = USER_STATES.find((candidate) => candidate === input)
  if (state) return state
  const message = `A state is one of ${USER_STATES.join(', ')}.`
  throw invalidArgument(message, [{ path: 'state', message }])
}

/** The gender of that name. Raises INVALID_ARGUMENT. */
export function parseGender(input: string): Gender {
  const gender = GENDERS.find((candidate) => candidate === input)
  if (gender) return gender
  const message = `A gender is one of ${GENDERS.join(', ')}.`
  throw invalidArgument(message, [{ path: 'gender', message }])
}

/** The error of every use case that needs a user who does not exist. */
export function userNotFound(): AppError {
  return new AppError('NOT_FOUND', 'user_not_found', 'There is no such user.')
}

export interface UserRepository {
  /** Null when absent. */
  findById(id: string): Promise<User | null>
  /** As `findById`, and never of a moment ago: for what decides whether somebody gets in. Null when absent. */
  findLatest(id: string): Promise<User | null>
  /** By canonical username. Null when absent. */
  findByUsername(username: string): Promise<User | null>
  /** By canonical username, or by canonical e-mail when `login` contains "@". Null when absent. */
  findCredentials(login: string): Promise<UserCredentials | null>
  /** By canonical e-mail address. Null when absent. */
  findByEmail(email: string): Promise<EmailHolder | null>
  /** Oldest first; `limit` is capped at USER_PAGE_MAX; `after` is a `next` of an earlier page. */
  list(options: { limit: number; after?: string }): Promise<UserPage>
  /** Raises INVALID_ARGUMENT for a cursor that is not one of an earlier slice or page. */
  slice(query: UserSliceQuery): Promise<UserSlice>
  /** How many users there are. */
  count(): Promise<number>
  /** True when at least one user has the role. */
  existsWithRole(role: UserRole): Promise<boolean>
  /** Raises ALREADY_EXISTS with reason `username_taken` or `email_taken`. */
  create(tx: Transaction, user: NewUser): Promise<User>
  /**
   * Takes an address away from whoever has it without proof. The id of that user; null when nobody has it, or
   * has it proved.
   */
  releaseUnverifiedEmail(tx: Transaction, email: string): Promise<string | null>
  /** The user after the change; null when absent. Raises ALREADY_EXISTS with reason `email_taken`. */
  update(tx: Transaction, id: string, changes: UserChanges): Promise<User | null>
  /** Takes the user away, with everything that is theirs alone; false when absent. */
  delete(tx: Transaction, id: string): Promise<boolean>
}
