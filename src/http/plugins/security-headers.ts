import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Seconds a browser insists on https after a secure answer: one year. */
const HSTS_MAX_AGE_SECONDS = 31_536_000

/**
 * The headers that every answer carries. An answer is data, not a page: it may load nothing, be framed by
 * nobody and be kept by no cache. A route that serves something else says so itself.
 *
 * The values are those of helmet; they are fixed, so they are not worked out anew for every request.
 */
export function securityHeaders(secure: boolean): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(secure
      ? { 'strict-transport-security': `max-age=${HSTS_MAX_AGE_SECONDS}; includeSubDomains` }
      : {}),
  }
}

/** Sets the security headers and the request id on every answer of the server. */
export function registerSecurityHeaders(server: FastifyInstance, secure: boolean): void {
  const headers = securityHeaders(secure)
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers(headers).header('x-request-id', request.id)
    done()
  })
}

/** The same for the answers that no hook sees: those to requests whose path cannot be read. */
export function setBaseHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  secure: boolean,
): void {
  void reply.headers(securityHeaders(secure)).header('x-request-id', request.id)
}
