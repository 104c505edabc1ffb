import type { FastifyInstance } from 'fastify'
import { AppError } from '../../errors/app-error.js'

/**
 * Refuses an HTTP/1.1 request without a Host header (RFC 9112 §3.2), as Node would, but with a problem
 * document. Node's own check must be off (`requireHostHeader`).
 */
export function registerHostHeader(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { headers, httpVersion } = request.raw
    if (headers.host === undefined && httpVersion === '1.1') {
      done(new AppError('INVALID_ARGUMENT', 'request_malformed', 'The Host header is missing.'))
    } else {
      done()
    }
  })
}
