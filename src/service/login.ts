import { AppError, invalidArgument, unauthenticated } from '../errors/app-error.js'
import type { ClientContext } from '../domain/client.js'
import { normalizePassword, PASSWORD_BYTES_MAX, type PasswordHasher } from '../domain/password.js'
import { canonicalEmail, canonicalUsername, type UserCredentials } from '../domain/user.js'
import type { PasswordThrottle } from './password-throttle.js'
import { startSession, type StartSessionDeps } from './start-session.js'
import type { SignIn } from './token-pair.js'

/** A name that no account can have: looked up when the given one cannot be one, for the same work. */
const IMPOSSIBLE_LOGIN = '-'
/** What is hashed in place of a password that cannot be one. */
const IMPOSSIBLE_PASSWORD = 'no such password'

export interface LoginDeps extends StartSessionDeps {
  readonly passwordHasher: PasswordHasher
  readonly throttle: PasswordThrottle
}

/**
 * Signs in with a password. Every failing branch does one look-up, one hash and one audit event, and gives
 * one answer: UNAUTHENTICATED, `credentials_invalid`. Too many of them are refused before any of that.
 */
export async function login(
  deps: LoginDeps,
  input: { login: string; password: string; remember: boolean },
  client: ClientContext,
): Promise<SignIn> {
  refuseOversize(input.password)
  const name = canonicalLogin(input.login)
  const password = usablePassword(input.password)
  const attempt = { ...client, name: name ?? IMPOSSIBLE_LOGIN }
  const found = await deps.throttle.guard(attempt, () =>
    checkPassword(deps, attempt.name, password, client),
  )
  if (found === null) throw credentialsInvalid()
  const { user } = found
  const signIn = await startFor(deps, found, input.remember, client)
  const names = user.email === null ? [user.username] : [user.username, user.email]
  await deps.throttle.remember(names, client.clientId)
  return signIn
}

/** Whose password it is; null after writing it down when it is nobody's who may sign in. */
async function checkPassword(
  deps: LoginDeps,
  name: string,
  password: string | null,
  client: ClientContext,
): Promise<UserCredentials | null> {
  const found = await deps.users.findCredentials(name)
  const stored = password === null ? null : (found?.passwordHash ?? null)
  const matches = await deps.passwordHasher.verify(stored, password ?? IMPOSSIBLE_PASSWORD)
  if (found && matches && found.user.state === 'active') return found
  await recordFailure(deps, found?.user.id ?? null, client)
  return null
}

/** A password that stopped counting while it was checked is answered like any that is wrong. */
async function startFor(
  deps: LoginDeps,
  found: UserCredentials,
  remember: boolean,
  client: ClientContext,
): Promise<SignIn> {
  try {
    return await startSession(deps, found, { method: 'password', remember }, client)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') throw error
    await recordFailure(deps, found.user.id, client)
    throw credentialsInvalid()
  }
}

function recordFailure(
  { auditTrail }: LoginDeps,
  userId: string | null,
  { address, clientId }: ClientContext,
): Promise<void> {
  return auditTrail.record({
    type: 'login.failed',
    actorId: null,
    userId,
    sessionId: null,
    address,
    // The name that was tried is not written down: people type passwords into the wrong field.
    data: { clientId },
  })
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
