import type { FastifyReply } from 'fastify'
import type { ErrorCode } from '../errors/code.js'

/** A refusal that HTTP has a status for and the error table does not. */
export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly code: ErrorCode
  readonly reason: string
}

/** Answers with a problem document (RFC 9457) in the shape that every error of the services has. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const body = { type: 'about:blank', ...problem, requestId: reply.request.id, details: [] }
  return reply
    .code(problem.status)
    .type('application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer(JSON.stringify)
    .send(body)
}
