import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { BatchEncoder } from '../../realtime/batch.js'
import { AppError, invalidArgument } from '../../errors/app-error.js'
import type { EmulationService } from '../../service/emulation-service.js'
import { isRecord, parseJson } from '../json-member.js'
import { parseCommands } from '../protocols/centrifuge/command.js'
import {
  EVENT_ENCODER,
  eventOf,
  STREAM_ENCODER,
  streamLine,
} from '../protocols/centrifuge/reply.js'
import type { UpgradeGuard } from '../upgrade-guard.js'
import type { StreamFormat } from './stream-line.js'
import type { StreamSet } from './stream-set.js'

/** JSON may write one byte of a text as six (`\u0041`), and needs room for member names. */
const ESCAPED_BYTES_MAX = 6
const SPARE_BYTES = 1_024
const NAME_CHARS_MAX = 128
const PREFLIGHT_SECONDS = 600
const CONNECT_PARAMETER = 'cf_connect'

const EVENTS: StreamFormat = { contentType: 'text/event-stream; charset=utf-8', wrap: eventOf }
const LINES: StreamFormat = { contentType: 'application/json; charset=utf-8', wrap: streamLine }

export interface StreamRoutesDeps {
  readonly streams: StreamSet
  readonly emulation: EmulationService
  /** Decides by address, origin and room. */
  readonly guard: UpgradeGuard
  /** The access token that came as a cookie; null when there is none that may be used. */
  readonly credentialOf: (request: FastifyRequest) => string | null
}

/**
 * The client protocol for those whose way lets no WebSocket through: `GET /connection/sse` and `POST
 * /connection/http_stream` to hear, `POST /emulation` to send. The guard is that of WebSockets.
 */
export function createStreamRoutes(
  deps: StreamRoutesDeps,
  { frameBytesMax }: { readonly frameBytesMax: number },
): FastifyPluginAsync {
  return async (fastify) => {
    fastify.removeAllContentTypeParsers()
    // Several commands, one a line, are no single JSON text.
    fastify.addContentTypeParser(
      'application/json',
      { parseAs: 'string' },
      (_request, body, done) => done(null, body),
    )
    fastify.addHook('onRequest', async (request, reply) => {
      deps.guard(request)
      allowOrigin(request, reply)
    })
    fastify.route({
      method: 'GET',
      url: '/connection/sse',
      exposeHeadRoute: false,
      handler: (request, reply) => {
        const data = connectOf(request)
        open(deps, request, reply, { data, format: EVENTS, encoder: EVENT_ENCODER })
      },
    })
    fastify.route({
      method: 'POST',
      url: '/connection/http_stream',
      bodyLimit: frameBytesMax,
      handler: (request, reply) => {
        const data = bodyOf(request)
        open(deps, request, reply, { data, format: LINES, encoder: STREAM_ENCODER })
      },
    })
    fastify.route({
      method: 'POST',
      url: '/emulation',
      bodyLimit: ESCAPED_BYTES_MAX * frameBytesMax + SPARE_BYTES,
      handler: async (request, reply) => {
        const { processId, session, data } = readEmulation(bodyOf(request), frameBytesMax)
        const outcome = await deps.emulation.deliver(processId, session, data)
        // A stream that is gone has ended for its client too; a process that is gone, it has to be told.
        if (outcome !== 'unknown') return reply.code(204).send()
        throw new AppError('NOT_FOUND', 'process_unknown', 'The process of this stream is gone.')
      },
    })
    for (const url of ['/connection/sse', '/connection/http_stream', '/emulation']) {
      fastify.route({ method: 'OPTIONS', url, handler: (_request, reply) => preflight(reply) })
    }
  }
}

function open(
  deps: StreamRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  stream: { data: string; format: StreamFormat; encoder: BatchEncoder },
): void {
  // Before the answer begins: what is no command gets a problem document, and so does whoever found a place when the
  // head of the request came, and none now that its body is there.
  parseCommands(stream.data)
  deps.guard(request)
  const credential = deps.credentialOf(request)
  const headers = reply.getHeaders() as Record<string, string>
  reply.hijack()
  const { raw: response } = reply
  response.writeHead(200, {
    ...headers,
    'content-type': stream.format.contentType,
    'cache-control': 'private, no-cache, no-store, must-revalidate, max-age=0',
    // Proxies of the nginx family would gather the answer otherwise.
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  deps.streams.open({ ...stream, response, address: request.ip, credential })
}

/**
 * The one connect command of an address. More is not taken: a link on another site could make a browser open it, with
 * its cookies.
 */
function connectOf(request: FastifyRequest): string {
  const query = request.query as Readonly<Record<string, unknown>>
  const data = query[CONNECT_PARAMETER]
  if (typeof data === 'string') {
    const commands = parseCommands(data)
    if (commands.length === 1 && commands[0]?.method === 'connect') return data
  }
  const message = `The parameter ${CONNECT_PARAMETER} is one connect command.`
  throw invalidArgument(message, [{ path: `query.${CONNECT_PARAMETER}`, message }])
}

function bodyOf(request: FastifyRequest): string {
  if (typeof request.body === 'string' && request.body !== '') return request.body
  throw new AppError('INVALID_ARGUMENT', 'json_malformed', 'The body is empty.')
}

function readEmulation(
  body: string,
  frameBytesMax: number,
): { processId: string; session: string; data: string } {
  const value = parseJson(body)
  const { session, node: processId, data } = isRecord(value) ? value : {}
  if (
    typeof session === 'string' &&
    typeof processId === 'string' &&
    typeof data === 'string' &&
    session.length <= NAME_CHARS_MAX &&
    processId.length <= NAME_CHARS_MAX &&
    Buffer.byteLength(data) <= frameBytesMax
  ) {
    return { processId, session, data }
  }
  throw invalidArgument('The body has "session", "node" and "data", all texts.')
}

/** Lets the page of a listed origin read the answer; the guard has refused the others. */
function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers
  if (origin === undefined) return
  reply.header('access-control-allow-origin', origin)
  reply.header('access-control-allow-credentials', 'true')
  reply.header('vary', 'Origin')
}

function preflight(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-methods', 'GET, POST')
    .header('access-control-allow-headers', 'content-type')
    .header('access-control-max-age', PREFLIGHT_SECONDS)
    .code(204)
    .send()
}
