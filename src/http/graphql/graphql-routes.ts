import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../errors/app-error.js'
import { mapHttpError } from '../error-mapping.js'
import { problemHeaders, problemStatusOf } from '../problem.js'
import type { GraphqlEngine } from './engine.js'
import { formatFailure } from './graphql-error.js'
import { createHttpContext, type HttpContextDeps, notAcceptable } from './http-context.js'
import { runHttpBatch, runHttpOperation } from './http-operation.js'
import { chooseResponseType, type ResponseType } from './media-type.js'
import { readParams, readUrlParams } from './request-params.js'

const STATUS_BAD_REQUEST = 400
const STATUS_NOT_ACCEPTABLE = 406
const STATUS_METHOD_NOT_ALLOWED = 405

export interface GraphqlRoutesDeps extends HttpContextDeps {
  /** The engine, loaded with the first request; at hand from then on. */
  readonly engine: () => GraphqlEngine | Promise<GraphqlEngine>
}

export interface GraphqlRoutesOptions {
  readonly batchMax: number
}

/** What a WebSocket does with an upgraded `GET /graphql`. */
type WebSocketPart = Pick<Parameters<FastifyInstance['route']>[0], 'wsHandler' | 'preValidation'>

/**
 * `POST /graphql`, and `GET /graphql` for queries (https://graphql.github.io/graphql-over-http/draft/), for a scope
 * that labels browsers and refuses other sites. Failures are answered in the shape of GraphQL, also those of hooks.
 */
export function registerGraphqlRoutes(
  scope: FastifyInstance,
  deps: GraphqlRoutesDeps,
  options: GraphqlRoutesOptions,
  webSocket: WebSocketPart,
): void {
  scope.setErrorHandler<FastifyError>((thrown, request, reply) => {
    sendFailure(mapHttpError(thrown), request, reply)
  })
  scope.route({
    method: 'POST',
    url: '/graphql',
    config: { operation: 'graphql' },
    handler: (request, reply) => answer(deps, options, request, reply),
  })
  scope.route({
    method: 'GET',
    url: '/graphql',
    exposeHeadRoute: false,
    config: { operation: 'graphql', isWebSocket: true },
    handler: (request, reply) => answer(deps, options, request, reply),
    ...webSocket,
  })
  scope.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    handler: (request, reply) => {
      const message = 'GraphQL is asked with POST, and queries with GET.'
      const error = new AppError('UNIMPLEMENTED', 'method_not_allowed', message)
      void reply.header('allow', 'GET, POST')
      sendFailure(error, request, reply, STATUS_METHOD_NOT_ALLOWED)
    },
  })
}

async function answer(
  deps: GraphqlRoutesDeps,
  { batchMax }: GraphqlRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const type = chooseResponseType(request.headers.accept)
  if (type === null) {
    sendFailure(notAcceptable(), request, reply, STATUS_NOT_ACCEPTABLE)
    return reply
  }
  const { body, method, query } = request
  const given = deps.engine()
  const engine = given instanceof Promise ? await given : given
  if (method === 'POST' && Array.isArray(body)) {
    const params = readBatch(body, batchMax)
    const createContext = await createHttpContext(deps, request, reply)
    return send(reply, type, await runHttpBatch(engine, () => createContext(false), params))
  }
  const params =
    method === 'GET' ? readUrlParams(query as Record<string, unknown>) : readParams(body)
  const createContext = await createHttpContext(deps, request, reply)
  const { result, isRefusal, status } = await runHttpOperation(
    engine,
    createContext(true),
    params,
    method,
  )
  if (status !== undefined) void reply.code(status).header('allow', 'POST')
  else if (isRefusal && type !== 'application/json') void reply.code(STATUS_BAD_REQUEST)
  return send(reply, type, result)
}

function readBatch(body: readonly unknown[], batchMax: number) {
  if (body.length === 0 || body.length > batchMax || batchMax === 1) {
    const message =
      batchMax === 1 ? 'Send one operation.' : `A list holds 1 to ${batchMax} operations.`
    throw new AppError('INVALID_ARGUMENT', 'batch_too_large', message)
  }
  return body.map(readParams)
}

function send(reply: FastifyReply, type: ResponseType, result: unknown): FastifyReply {
  return reply.header('content-type', `${type}; charset=utf-8`).send(JSON.stringify(result))
}

/** Answers a request that is refused as a whole, with the status of the error table. */
function sendFailure(
  error: AppError,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number = problemStatusOf(error),
): void {
  request.failure = error
  const type = chooseResponseType(request.headers.accept) ?? 'application/json'
  void send(reply.code(status).headers(problemHeaders(error)), type, {
    errors: [formatFailure(error, request.id)],
  })
}
