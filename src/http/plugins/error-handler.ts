import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { mapHttpError, routeNotFound } from '../error-mapping.js'
import { problemHeaders, problemStatusOf, writeProblem } from '../problem.js'

/** Answers every failure, and every path that leads nowhere, with a problem document. */
export function registerErrorHandler(server: FastifyInstance): void {
  server.setErrorHandler<FastifyError>((thrown, request, reply) => {
    sendProblem(thrown, request, reply)
  })
  server.setNotFoundHandler((request, reply) => {
    sendProblem(routeNotFound(), request, reply)
  })
}

/** Answers with the problem document of whatever was thrown. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = mapHttpError(thrown)
  request.failure = error
  void reply
    .code(problemStatusOf(error))
    .headers(problemHeaders(error))
    .send(writeProblem(error, request.id))
}
