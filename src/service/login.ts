import { type AppError, invalidArgument, unauthenticated } from '../errors/app-error.js'
import type { ClientContext } from '../domain/client.js'
import { normalizePassword, PASSWORD_BYTES_MAX, type PasswordHasher } from '../domain/password.js'
import { canonicalEmail, canonicalUsername, type UserRepository } from '../domain/user.js'
import { startSession, type StartSessionDeps } from './start-session.js'
import type { SignIn } from './token-pair.js'

/** A name that no account can have: looked up when the given one cannot be one, for the same work. */
const IMPOSSIBLE_LOGIN = '-'
/** What is hashed in place of a password that cannot be one. */
const IMPOSSIBLE_PASSWORD = 'no such password'

export interface LoginDeps extends StartSessionDeps {
  readonly users: UserRepository
  readonly passwordHasher: PasswordHasher
}

/**
 * Signs in with a password. Every failing branch does one look-up, one hash and one audit event, and gives
 * one answer: UNAUTHENTICATED, `credentials_invalid`.
 */
export async function login(
  deps: LoginDeps,
  input: { login: string; password: string; remember: boolean },
  client: ClientContext,
): Promise<SignIn> {
  refuseOversize(input.password)
  const name = canonicalLogin(input.login)
  const password = usablePassword(input.password)
  const found = await deps.users.findCredentials(name ?? IMPOSSIBLE_LOGIN)
  const stored = password === null ? null : (found?.passwordHash ?? null)
  const matches = await deps.passwordHasher.verify(stored, password ?? IMPOSSIBLE_PASSWORD)
  if (!found || !matches || found.user.state !== 'active') {
    await deps.auditTrail.record({
      type: 'login.failed',
      actorId: null,
      userId: found?.user.id ?? null,
      sessionId: null,
      address: client.address,
      // The name that was tried is not written down: people type passwords into the wrong field.
      data: { clientId: client.clientId },
    })
    throw credentialsInvalid()
  }
  return startSession(deps, found.user, { method: 'password', remember: input.remember }, client)
}

/** A password of this size is not a wrong password but a wrong request: refused before any work on it. */
function refuseOversize(password: string): void {
  if (password.length <= PASSWORD_BYTES_MAX && Buffer.byteLength(password) <= PASSWORD_BYTES_MAX) {
    return
  }
  const message = `A password has at most ${PASSWORD_BYTES_MAX} bytes.`
  throw invalidArgument(message, [{ path: 'password', message }])
}

function canonicalLogin(input: string): string | null {
  try {
    return input.includes('@') ? canonicalEmail(input) : canonicalUsername(input)
  } catch {
    return null
  }
}

function usablePassword(input: string): string | null {
  try {
    return normalizePassword(input)
  } catch {
    return null
  }
}

function credentialsInvalid(): AppError {
  return unauthenticated('credentials_invalid', 'The name or the password is wrong.')
}
