import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { unauthenticated } from '../errors/app-error.js'
import type { SyncGuard } from './fastify-types.js'

const BEARER = /^bearer +(\S+)$/i

export interface ApiKeyGuardOptions {
  /** Also take the key as `Authorization: Bearer <key>`, which is all that some scrapers can send. */
  readonly acceptBearer?: boolean
}

/**
 * Lets only requests with the API key (`X-API-Key`) pass: UNAUTHENTICATED (`api_key_invalid`) otherwise.
 * The comparison takes the same time for every wrong key. Without a configured key nobody passes.
 */
export function createApiKeyGuard(apiKey: string, options: ApiKeyGuardOptions = {}): SyncGuard {
  const expected = digest(apiKey)
  return (request, _reply, done) => {
    const given = givenKey(request, options.acceptBearer === true)
    // Both halves are always worked out, so an unset key is not told from a wrong one by time.
    const isEqual = timingSafeEqual(digest(given), expected)
    if (isEqual && apiKey !== '') done()
    else done(unauthenticated('api_key_invalid', 'The API key is missing or wrong.'))
  }
}

function givenKey(request: FastifyRequest, acceptBearer: boolean): string {
  const header = request.headers['x-api-key']
  if (typeof header === 'string') return header
  return (acceptBearer && BEARER.exec(request.headers.authorization ?? '')?.[1]) || ''
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}
