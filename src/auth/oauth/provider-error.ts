import type { Logger } from '../../domain/logger.js'
import { AppError } from '../../errors/app-error.js'
import { providerUnavailable } from './provider-fetch.js'

/** Error codes of RFC 6749 §4.1.2.1 that say that the provider cannot now, rather than will not. */
const TEMPORARY_ERRORS: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable'])
/** The person said no, or did not do what the provider wanted of them (OpenID Connect Core §3.1.2.6). */
const DENIED_ERRORS: ReadonlySet<string> = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
])
const ERROR_CODE = /^[a-z_]{1,64}$/
const LIBRARY_CODE = /^OAUTH_[A-Z_]+$/
const CAUSES_MAX = 8

/**
 * Does one step of a sign-in with a provider. Whatever goes wrong becomes an AppError without anything of
 * what the provider said: its texts are not ours, and may hold tokens. The log gets the constant texts of
 * the checks and the error code, for the operator who has to find out.
 */
export async function withProvider<T>(
  { name, logger }: { readonly name: string; readonly logger: Logger },
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (thrown) {
    const error = toProviderError(thrown)
    const problem = describe(error.cause ?? thrown)
    const level = error.reason === 'provider_denied' ? 'debug' : 'warn'
    logger[level]({ provider: name, reason: error.reason, problem }, 'a provider did not sign in')
    // The cause stays behind: the log serialises every member of it.
    throw new AppError(error.code, error.reason, error.message, { cause: new Error(problem) })
  }
}

/** An answer that came whole and in time and is still not believed. */
export function answerInvalid(problem: string): AppError {
  const message = 'The answer of the sign-in provider is not valid; start again.'
  const cause = new Error(problem)
  return new AppError('INVALID_ARGUMENT', 'provider_answer_invalid', message, { cause })
}

/** A provider that is not what the configuration says. */
export function misconfigured(problem: string): AppError {
  const message = 'This sign-in provider is not set up correctly.'
  const cause = new Error(problem)
  return new AppError('FAILED_PRECONDITION', 'provider_misconfigured', message, { cause })
}

function toProviderError(thrown: unknown): AppError {
  const own = causesOf(thrown).find((error) => error instanceof AppError)
  if (own) return own
  const code = memberOf(thrown, 'code')
  if (code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR' || code === 'OAUTH_RESPONSE_BODY_ERROR') {
    return refusedWith(memberOf(thrown, 'error'), thrown)
  }
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') return refusedWith('', thrown)
  return answerInvalid(describe(thrown))
}

function refusedWith(error: string, cause: unknown): AppError {
  if (TEMPORARY_ERRORS.has(error)) return providerUnavailable(cause)
  const [reason, message] = DENIED_ERRORS.has(error)
    ? ['provider_denied', 'The sign-in was cancelled at the provider.']
    : ['provider_refused', 'The sign-in provider refused; start again.']
  return new AppError('FAILED_PRECONDITION', reason, message, { cause })
}

/** What the log may say of a failure: texts that are constants of this program and of its library. */
function describe(thrown: unknown): string {
  const texts = causesOf(thrown).flatMap((error) => {
    const code = memberOf(error, 'code')
    const oauthError = memberOf(error, 'error')
    if (LIBRARY_CODE.test(code)) {
      return [error.message, ...(ERROR_CODE.test(oauthError) ? [oauthError] : [])]
    }
    // What this program throws itself, and what the network does: neither quotes an answer.
    return error.constructor === Error || code !== '' ? [error.message] : [error.name]
  })
  return [...new Set(texts)].join(': ')
}

/** The error and what caused it, down to a bounded depth. */
function causesOf(thrown: unknown): Error[] {
  const found: Error[] = []
  let next: unknown = thrown
  while (next instanceof Error && found.length < CAUSES_MAX) {
    found.push(next)
    next = next.cause
  }
  return found
}

function memberOf(thrown: unknown, name: string): string {
  const value: unknown =
    typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined
  return typeof value === 'string' ? value : ''
}
