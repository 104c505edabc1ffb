import { AppError, type ErrorDetail, invalidArgument } from '../errors/app-error.js'
import { normalizePassword } from '../domain/password.js'
import {
  canonicalDisplayName,
  canonicalEmail,
  canonicalUsername,
  parseUserRole,
  type UserRole,
} from '../domain/user.js'

/** A wish for an account, as somebody typed it. */
export interface NewAccount {
  readonly username: string
  readonly password: string
  readonly email?: string
  readonly displayName?: string
}

/** The same with every field in its canonical form. */
export interface ValidAccount {
  readonly username: string
  readonly password: string
  readonly email: string | null
  readonly displayName: string
  readonly role: UserRole
}

/** The canonical form of every field. Raises INVALID_ARGUMENT once, with all that is wrong. */
export function validateAccount(
  account: NewAccount,
  roleName: string,
  isCommonPassword: (password: string) => boolean,
): ValidAccount {
  const details: ErrorDetail[] = []
  const username = collect(details, () => canonicalUsername(account.username))
  const { email: address, displayName: name } = account
  const email = collect(details, () => (address === undefined ? null : canonicalEmail(address)))
  const displayName = collect(details, () =>
    name === undefined ? (username ?? '') : canonicalDisplayName(name),
  )
  const role = collect(details, () => parseUserRole(roleName))
  const password = collect(details, () => normalizePassword(account.password))
  if (password !== undefined) {
    details.push(...passwordProblems(password, [username, email], isCommonPassword))
  }
  if (
    details.length > 0 ||
    username === undefined ||
    email === undefined ||
    displayName === undefined ||
    role === undefined ||
    password === undefined
  ) {
    throw invalidArgument('The account has invalid fields.', details)
  }
  return { username, password, email, displayName, role }
}

/** The form of a new password that is hashed. Raises INVALID_ARGUMENT when it cannot be used. */
export function validatePassword(
  input: string,
  names: readonly (string | null)[],
  isCommonPassword: (password: string) => boolean,
): string {
  const password = normalizePassword(input)
  const details = passwordProblems(password, names, isCommonPassword)
  if (details[0]) throw invalidArgument(details[0].message, details)
  return password
}

/** The value, or undefined after adding what is wrong with it to `details`. */
function collect<T>(details: ErrorDetail[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    details.push(...error.details)
    return undefined
  }
}

/** Passwords that anybody would try first (NIST SP 800-63B §5.1.1.2). */
function passwordProblems(
  password: string,
  names: readonly (string | null | undefined)[],
  isCommonPassword: (password: string) => boolean,
): readonly ErrorDetail[] {
  const lowered = password.toLowerCase()
  if (names.includes(lowered)) {
    return [{ path: 'password', message: 'A password is not the username or e-mail address.' }]
  }
  if (isCommonPassword(lowered)) {
    return [
      { path: 'password', message: 'This password is among the most common; choose another.' },
    ]
  }
  return []
}
