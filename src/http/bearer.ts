import type { IncomingMessage } from 'node:http'
import { AppError, unauthenticated } from '../errors/app-error.js'

// RFC 9110 §11.1: the scheme in any case, then spaces; RFC 6750 §2.1: one token68.
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const AUTHORIZATION = 'authorization'

/**
 * The token of the Authorization header; null when there is no such header.
 * Raises INVALID_ARGUMENT (`credentials_ambiguous`) for two headers, and UNAUTHENTICATED
 * (`credentials_malformed`) for anything but one Bearer token.
 */
export function readBearer(request: IncomingMessage): string | null {
  const { authorization } = request.headers
  if (authorization === undefined) return null
  // Node keeps the first of several and drops the rest, so only the raw list shows them.
  if (countAuthorizations(request.rawHeaders) > 1) {
    throw new AppError(
      'INVALID_ARGUMENT',
      'credentials_ambiguous',
      'The Authorization header came more than once.',
    )
  }
  const token = BEARER.exec(authorization)?.[1]
  if (token === undefined) {
    throw unauthenticated('credentials_malformed', 'The Authorization header has no Bearer token.')
  }
  return token
}

function countAuthorizations(rawHeaders: readonly string[]): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION) count += 1
  }
  return count
}
