import type { Session } from '../../domain/session.js'
import type { EndResult, SessionView } from '../../service/session-service.js'
import type { Static } from './static.js'

const SESSION_PROPERTIES = {
  id: { type: 'string' },
  clientId: { type: 'string', description: 'The browser or device that signed in.' },
  method: { type: 'string', description: '`password`, or `oauth:` and the provider.' },
  userAgent: { type: 'string' },
  address: { type: 'string', description: 'The address that signed in.' },
  createdAt: { type: 'string', format: 'date-time' },
  lastSeenAt: { type: 'string', format: 'date-time' },
  expiresAt: { type: 'string', format: 'date-time', description: 'The absolute end.' },
} as const

const SESSION_REQUIRED = [
  'id',
  'clientId',
  'method',
  'userAgent',
  'address',
  'createdAt',
  'lastSeenAt',
  'expiresAt',
] as const

/** One sign-in. */
export const SESSION_SCHEMA = {
  title: 'Session',
  type: 'object',
  required: SESSION_REQUIRED,
  additionalProperties: false,
  properties: SESSION_PROPERTIES,
} as const

/** One sign-in in the list of its owner. */
export const LISTED_SESSION_SCHEMA = {
  title: 'ListedSession',
  type: 'object',
  required: [...SESSION_REQUIRED, 'current', 'connections'],
  additionalProperties: false,
  properties: {
    ...SESSION_PROPERTIES,
    current: { type: 'boolean', description: 'Whether this request was made with it.' },
    connections: { type: 'integer', description: 'Open sockets and streams, over all processes.' },
  },
} as const

/** What ending sessions did. */
export const END_RESULT_SCHEMA = {
  title: 'EndResult',
  type: 'object',
  required: ['ended', 'connectionsClosed', 'processes'],
  additionalProperties: false,
  properties: {
    ended: { type: 'integer', description: 'Sessions that were alive and are over now.' },
    connectionsClosed: { type: 'integer', description: 'Sockets and streams that were closed.' },
    processes: {
      type: 'object',
      required: ['asked', 'answered'],
      additionalProperties: false,
      properties: { asked: { type: 'integer' }, answered: { type: 'integer' } },
    },
  },
  examples: [{ ended: 1, connectionsClosed: 2, processes: { asked: 3, answered: 3 } }],
} as const

export const SESSION_PARAMS_SCHEMA = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', description: 'The id of a session.' } },
} as const

/** The session as JSON shows it: instants become RFC 3339 strings. */
export function toSessionJson(session: Session): Static<typeof SESSION_SCHEMA> {
  return {
    id: session.id,
    clientId: session.clientId,
    method: session.method,
    userAgent: session.userAgent,
    address: session.address,
    createdAt: new Date(session.createdAt).toISOString(),
    lastSeenAt: new Date(session.lastSeenAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
  }
}

/** A listed session as JSON shows it. */
export function toListedSessionJson(view: SessionView): Static<typeof LISTED_SESSION_SCHEMA> {
  return { ...toSessionJson(view), current: view.current, connections: view.connections }
}

/** The result as JSON shows it. */
export function toEndResultJson(result: EndResult): Static<typeof END_RESULT_SCHEMA> {
  const { asked, answered } = result.processes
  return {
    ended: result.ended,
    connectionsClosed: result.connectionsClosed,
    processes: { asked, answered },
  }
}

export const LIST_SESSIONS_SCHEMA = {
  tags: ['sessions'],
  summary: 'List the own live sessions, newest first',
  response: {
    200: {
      title: 'SessionList',
      description: 'The sessions.',
      type: 'object',
      required: ['sessions'],
      additionalProperties: false,
      properties: { sessions: { type: 'array', items: LISTED_SESSION_SCHEMA } },
    },
  },
  problems: [400, 401],
} as const

export const END_SESSION_SCHEMA = {
  tags: ['sessions'],
  summary: 'End one of the own sessions, everywhere and at once',
  params: SESSION_PARAMS_SCHEMA,
  response: { 200: { ...END_RESULT_SCHEMA, description: 'It is over.' } },
  problems: [400, 401, 403, 404],
} as const

export const END_OTHER_SESSIONS_SCHEMA = {
  tags: ['sessions'],
  summary: 'End all own sessions but this one, or those on one browser or device',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      clientId: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
        description: 'End all sessions on this browser or device, with all its tabs, instead.',
      },
    },
  },
  response: { 200: { ...END_RESULT_SCHEMA, description: 'They are over.' } },
  problems: [400, 401, 403, 404],
} as const
