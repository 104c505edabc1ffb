import { STATUS_CODES } from 'node:http'
import type { AppError } from '../errors/app-error.js'
import { httpStatusOf } from '../errors/code.js'
import type { PROBLEM_SCHEMA } from './schemas/problem-schema.js'
import type { Static } from './schemas/static.js'

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8'

/**
 * What only HTTP knows, and has a status of its own for. Everything else follows the error table.
 */
const STATUS_BY_REASON: ReadonlyMap<string, number> = new Map([
  ['request_timeout', 408],
  ['unsupported_media_type', 415],
  ['headers_too_large', 431],
])

/** The reasons with which a 401 does not speak about a token that was shown (RFC 6750 §3.1). */
const NO_TOKEN_REASONS: ReadonlySet<string> = new Set([
  'credentials_missing',
  'credentials_invalid',
  'client_invalid',
  'api_key_invalid',
])

const STATUS_CLIENT_CLOSED = 499
const STATUS_UNAUTHORIZED = 401

/** The HTTP status of a refusal. */
export function problemStatusOf(error: AppError): number {
  return STATUS_BY_REASON.get(error.reason) ?? httpStatusOf(error)
}

/**
 * The problem document (RFC 9457) of a refusal, from a fixed list of members: what else the error carries
 * (its cause, its stack) cannot leave.
 */
export function writeProblem(error: AppError, requestId: string): string {
  const status = problemStatusOf(error)
  const problem: Static<typeof PROBLEM_SCHEMA> = {
    type: 'about:blank',
    title: titleOf(status),
    status,
    detail: error.message,
    code: error.code,
    reason: error.reason,
    requestId,
    details: error.details.map(({ path, message }) => ({ path, message })),
  }
  return JSON.stringify(problem)
}

/** The headers that go with a refusal beside its content type. */
export function problemHeaders(error: AppError): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': PROBLEM_CONTENT_TYPE,
    'cache-control': 'no-store',
  }
  if (problemStatusOf(error) === STATUS_UNAUTHORIZED) {
    headers['www-authenticate'] = NO_TOKEN_REASONS.has(error.reason)
      ? 'Bearer'
      : 'Bearer error="invalid_token"'
  }
  if (error.retryAfterSeconds !== undefined) {
    headers['retry-after'] = String(Math.max(0, Math.ceil(error.retryAfterSeconds)))
  }
  return headers
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? (status === STATUS_CLIENT_CLOSED ? 'Client Closed Request' : '')
}
