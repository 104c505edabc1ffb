import type { FastifyPluginAsync } from 'fastify'
import type { RequestGuard } from './request-guard.js'
import { AppError } from '../errors/app-error.js'
import {
  PUSH_FIELD_BYTES_MAX,
  PUSH_MESSAGE_BYTES_MAX,
  type PushInput,
  type PushService,
} from '../service/push-service.js'
import { RECEIPTS } from '../service/realtime-service.js'
import { readMembers } from './json-member.js'
import { sendProblem } from './problem.js'

/** JSON may write one byte of a text as six (`\u0041`), and needs room for member names and spaces. */
const ESCAPED_BYTES_MAX = 6
const SPARE_BYTES = 4_096
const BODY_BYTES_MAX =
  ESCAPED_BYTES_MAX * (PUSH_MESSAGE_BYTES_MAX + 2 * PUSH_FIELD_BYTES_MAX) + SPARE_BYTES

export interface PushRouteDeps {
  readonly push: PushService
  /** Raises when the request carries no valid API key. */
  readonly apiKeyGuard: RequestGuard
}

/**
 * `POST /push`: a message for the connections of a user that are registered for an event, in all processes.
 * The checks come in this order: method, API key, JSON, fields.
 */
export function createPushRoute(deps: PushRouteDeps): FastifyPluginAsync {
  return async (fastify) => {
    fastify.removeContentTypeParser('text/plain')
    fastify.route({
      method: 'POST',
      url: '/push',
      bodyLimit: BODY_BYTES_MAX,
      // Before the body is read: a caller without a key gets no work done.
      onRequest: deps.apiKeyGuard,
      handler: async (request) => deps.push.push(readPush(request.body)),
    })
    fastify.route({
      method: 'POST',
      url: '/push/drop',
      onRequest: deps.apiKeyGuard,
      handler: async (request) => deps.push.drop(readTarget(request.body)),
    })
    fastify.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url: '/push',
      handler: (_request, reply) =>
        sendProblem(reply.header('allow', 'POST'), {
          status: 405,
          title: 'Method Not Allowed',
          detail: 'Messages are pushed with POST.',
          code: 'UNIMPLEMENTED',
          reason: 'method_not_allowed',
        }),
    })
  }
}

function readPush(body: unknown): PushInput {
  const members = readMembers(body)
  const input = {
    userId: readText(members, 'userId'),
    event: readText(members, 'event'),
    message: readText(members, 'message'),
  }
  const given = members?.get('receipt')
  if (given === undefined) return input
  const receipt = RECEIPTS.find((known) => known === given)
  if (receipt) return { ...input, receipt }
  throw wrongMember('receipt', `one of ${RECEIPTS.join(', ')}`)
}

function readTarget(body: unknown): { userId: string; event?: string } {
  const members = readMembers(body)
  const userId = readText(members, 'userId')
  return members?.get('event') === undefined
    ? { userId }
    : { userId, event: readText(members, 'event') }
}

function readText(members: ReadonlyMap<string, unknown> | null, name: string): string {
  const value = members?.get(name.toLowerCase())
  if (typeof value === 'string') return value
  throw wrongMember(name, 'a text')
}

function wrongMember(name: string, expected: string): AppError {
  const message = `"${name}" is ${expected}.`
  return new AppError('INVALID_ARGUMENT', 'invalid_argument', message, {
    details: [{ path: `body.${name}`, message }],
  })
}
