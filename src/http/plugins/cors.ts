import type { FastifyInstance } from 'fastify'

/** How long a browser may remember what is allowed, in seconds. */
const PREFLIGHT_MAX_AGE_SECONDS = 600
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** What a page may read of an answer beside its body. */
const EXPOSED_HEADERS = ['x-request-id', 'retry-after', 'session-id', 'content-disposition']
const ALLOWED_HEADERS = ['authorization', 'content-type', 'session-id']

/**
 * Lets the pages of the listed origins read answers, with their credentials (the CORS protocol of
 * https://fetch.spec.whatwg.org/#http-cors-protocol). An origin is compared as a whole and never echoed unless
 * it is listed. Without a list there is nothing to allow, and nothing is loaded.
 */
export function registerCors(server: FastifyInstance, allowedOrigins: readonly string[]): void {
  if (allowedOrigins.length === 0) return
  const listed: ReadonlySet<string | undefined> = new Set(allowedOrigins)
  void server.register(import('@fastify/cors'), {
    origin: (origin, decide) => {
      decide(null, listed.has(origin))
    },
    credentials: true,
    methods: METHODS,
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    // Without the two headers of a preflight it is a plain OPTIONS request, which has no answer of its own.
    strictPreflight: false,
  })
}
