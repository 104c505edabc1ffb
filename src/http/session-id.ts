import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors/app-error.js'
import type { Tab, TabService } from '../service/tab-service.js'

/** The header that a page sends its tab token in. */
export const SESSION_ID_HEADER = 'session-id'

/** The tab token of a request; null when it sent none. Raises INVALID_ARGUMENT when it came more than once. */
export function readTabToken(request: FastifyRequest): string | null {
  const header = request.headers[SESSION_ID_HEADER]
  if (header === undefined || header === '') return null
  // Node joins several with a comma, which no token has.
  if (typeof header === 'string' && !header.includes(',')) return header
  const message = 'The Session-ID header came more than once.'
  throw new AppError('INVALID_ARGUMENT', 'credentials_ambiguous', message)
}

/**
 * The tab that a request comes from; null when it sent no token. The token is good with the label of its own
 * browser only. Raises as `TabService.resolve` does.
 */
export async function resolveSentTab(
  tabs: Pick<TabService, 'resolve'>,
  request: FastifyRequest,
  clientId: string,
): Promise<Tab | null> {
  const token = readTabToken(request)
  return token === null ? null : tabs.resolve(token, [clientId])
}
