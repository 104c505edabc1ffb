import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../../domain/logger.js'
import { ERROR_TABLE } from '../../errors/code.js'
import { peerAddress } from '../peer-address.js'

const PATH_CHARS_MAX = 256
const LEVELS: readonly (keyof Logger)[] = ['debug', 'info', 'warn', 'error']

/** Writes one line for every answered request. */
export function registerRequestLog(server: FastifyInstance, logger: Logger): void {
  server.addHook('onResponse', (request, reply, done) => {
    logRequest(logger, request, reply, reply.statusCode)
    done()
  })
}

/**
 * One line: who asked what, how it went, how long it took. The level is that of the failure in the error
 * table. The query, the cookies and the tokens never get here.
 */
export function logRequest(
  logger: Logger,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
): void {
  const { failure, outcome, principal } = request
  const { operation, quiet } = request.routeOptions.config
  let level = failure ? ERROR_TABLE[failure.code].logLevel : successLevel(status, quiet === true)
  const fields: Record<string, unknown> = {
    requestId: request.id,
    method: request.method,
    path: pathOf(request.url),
    status,
    latencyMs: Math.round(reply.elapsedTime * 1000) / 1000,
    address: peerAddress(request),
    operation,
  }
  if (principal) {
    fields['userId'] = principal.userId
    fields['sessionId'] = principal.sessionId
  }
  if (failure) {
    fields['code'] = failure.code
    fields['reason'] = failure.reason
    // A refusal explains itself; what is our fault needs its cause.
    if (level === 'error') fields['err'] = failure.cause ?? failure
  }
  if (outcome) {
    Object.assign(fields, outcome.fields)
    if (LEVELS.indexOf(outcome.level) > LEVELS.indexOf(level)) level = outcome.level
  }
  logger[level](fields, 'request')
}

function successLevel(status: number, quiet: boolean): keyof Logger {
  // A route may answer 503 without failing: the readiness probe does.
  if (status >= 500) return 'warn'
  return quiet ? 'debug' : 'info'
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return url.slice(0, Math.min(query < 0 ? url.length : query, PATH_CHARS_MAX))
}
