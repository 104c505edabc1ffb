import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { AppError, unauthenticated } from '../errors/app-error.js'

// RFC 7617 §2: the scheme in any case, then one token68.
const BASIC = /^basic +([A-Za-z0-9\-._~+/]+=*)$/i

/** What a form may carry in place of the Authorization header (RFC 6749 §2.3.1). */
export interface FormCredentials {
  readonly client_id?: string
  readonly client_secret?: string
}

/**
 * Checks who asks, by name and secret: `Authorization: Basic`, or `client_id` and `client_secret` in the form
 * (RFC 6749 §2.3.1). Raises UNAUTHENTICATED (`client_invalid`), INVALID_ARGUMENT (`credentials_ambiguous`) for both
 * at once. Each known secret is compared in constant time, and all of them whatever the name.
 */
export type ClientCheck = (headers: IncomingHttpHeaders, form: FormCredentials) => void

/** `clients` as configured, each `name:secret`; without any, nobody passes. */
export function createClientCheck(clients: readonly string[]): ClientCheck {
  const known = clients.map(digest)
  return (headers, form) => {
    const given = digest(givenCredentials(headers.authorization, form) ?? '')
    const matches = known.filter((credentials) => timingSafeEqual(credentials, given))
    if (matches.length > 0) return
    throw unauthenticated('client_invalid', 'The credentials of the client are missing or wrong.')
  }
}

/** As `name:secret`; null when there are none. */
function givenCredentials(authorization: string | undefined, form: FormCredentials): string | null {
  const { client_id: id, client_secret: secret } = form
  if (authorization === undefined) {
    return id === undefined || secret === undefined ? null : `${id}:${secret}`
  }
  if (secret !== undefined) {
    const message = 'The credentials of the client came in the header and in the form.'
    throw new AppError('INVALID_ARGUMENT', 'credentials_ambiguous', message)
  }
  const encoded = BASIC.exec(authorization)?.[1]
  return encoded === undefined ? null : decodeBasic(encoded)
}

/** Name and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function decodeBasic(encoded: string): string | null {
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  if (rest.length === 0) return null
  try {
    return `${decodeForm(name)}:${decodeForm(rest.join(':'))}`
  } catch {
    return null
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function digest(credentials: string): Buffer {
  return createHash('sha256').update(credentials).digest()
}
