import {
  AUDIT_PAGE_MAX,
  AUDIT_TYPES,
  type AuditPage,
  type AuditRecord,
} from '../../domain/audit.js'
import {
  DISPLAY_NAME_CHARS_MAX,
  EMAIL_BYTES_MAX,
  GENDERS,
  type User,
  USER_PAGE_MAX,
  USER_ROLES,
  USER_STATES,
  type UserPage,
} from '../../domain/user.js'
import type { ResetLink } from '../../service/credential-service.js'
import type { EndResult } from '../../service/session-service.js'
import { END_RESULT_SCHEMA, LISTED_SESSION_SCHEMA, toEndResultJson } from './session-schema.js'
import type { Static } from './static.js'
import { toUserJson, USER_SCHEMA } from './user-schema.js'

const ID_CHARS_MAX = 64
const CURSOR_CHARS_MAX = 256
/** Entries of a page when nobody says how many. */
export const PAGE_DEFAULT = 50

const ID = { type: 'string', minLength: 1, maxLength: ID_CHARS_MAX } as const
const LIMIT = {
  type: 'integer',
  minimum: 1,
  description: `How many at most; ${PAGE_DEFAULT} when it is not given.`,
} as const
const USER_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: { ...ID, description: 'The id of a user.' } },
} as const
const GUARDED = [400, 401, 403] as const

export const LIST_USERS_SCHEMA = {
  tags: ['administration'],
  summary: 'List the accounts, oldest first',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      limit: { ...LIMIT, maximum: USER_PAGE_MAX },
      after: {
        type: 'string',
        maxLength: CURSOR_CHARS_MAX,
        description: 'The `next` of an earlier page.',
      },
    },
  },
  response: {
    200: {
      title: 'UserPage',
      description: 'One page.',
      type: 'object',
      required: ['users', 'next'],
      additionalProperties: false,
      properties: {
        users: { type: 'array', items: USER_SCHEMA },
        next: { type: ['string', 'null'], description: 'Null on the last page.' },
      },
    },
  },
  problems: GUARDED,
} as const

/** The page as JSON shows it. */
export function toUserPageJson(page: UserPage): Static<(typeof LIST_USERS_SCHEMA.response)[200]> {
  return { users: page.users.map(toUserJson), next: page.next }
}

export const LIST_USER_SESSIONS_SCHEMA = {
  tags: ['administration'],
  summary: 'List the live sessions of a user, newest first',
  params: USER_PARAMS,
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
  problems: [...GUARDED, 404],
} as const

export const UPDATE_USER_BODY_SCHEMA = {
  title: 'AccountChanges',
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    displayName: { type: 'string', maxLength: DISPLAY_NAME_CHARS_MAX * 4 },
    email: { type: ['string', 'null'], maxLength: EMAIL_BYTES_MAX },
    gender: { type: 'string', enum: GENDERS },
    role: { type: 'string', enum: USER_ROLES },
    state: { type: 'string', enum: USER_STATES },
  },
  examples: [{ state: 'frozen' }],
} as const

/** An EndResult inside another answer. */
const END = {
  type: 'object',
  required: END_RESULT_SCHEMA.required,
  additionalProperties: false,
  properties: END_RESULT_SCHEMA.properties,
} as const

export const UPDATE_USER_SCHEMA = {
  tags: ['administration'],
  summary: 'Change an account; freezing it ends all its sessions',
  params: USER_PARAMS,
  body: UPDATE_USER_BODY_SCHEMA,
  response: {
    200: {
      title: 'ChangedUser',
      description: 'The account after the change, and what ending its sessions did.',
      type: 'object',
      required: ['user', 'end'],
      additionalProperties: false,
      properties: { user: USER_SCHEMA, end: END },
    },
  },
  problems: [...GUARDED, 404, 409, 413, 415],
} as const

/** The change as JSON shows it. */
export function toChangedUserJson(changed: {
  user: User
  end: EndResult
}): Static<(typeof UPDATE_USER_SCHEMA.response)[200]> {
  return { user: toUserJson(changed.user), end: toEndResultJson(changed.end) }
}

export const DELETE_USER_SCHEMA = {
  tags: ['administration'],
  summary: 'Delete an account and end all its sessions',
  params: USER_PARAMS,
  response: { 200: { ...END_RESULT_SCHEMA, description: 'It is gone.' } },
  problems: [...GUARDED, 404],
} as const

export const END_USER_SESSIONS_SCHEMA = {
  tags: ['administration'],
  summary: 'End all sessions of a user, or those on one of their browsers',
  params: USER_PARAMS,
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { clientId: { ...ID, description: 'Only those on this browser or device.' } },
  },
  response: { 200: { ...END_RESULT_SCHEMA, description: 'They are over.' } },
  problems: [...GUARDED, 404],
} as const

export const END_ANY_SESSION_SCHEMA = {
  tags: ['administration'],
  summary: 'End one session of anybody',
  params: {
    type: 'object',
    required: ['id'],
    properties: { id: { ...ID, description: 'The id of a session.' } },
  },
  response: { 200: { ...END_RESULT_SCHEMA, description: 'It is over.' } },
  problems: [...GUARDED, 404],
} as const

export const END_SIGNED_SESSIONS_SCHEMA = {
  tags: ['administration'],
  summary: 'End all sessions whose newest tokens a key signed',
  params: {
    type: 'object',
    required: ['id'],
    properties: { id: { ...ID, description: 'The `kid` of a signing key.' } },
  },
  response: { 200: { ...END_RESULT_SCHEMA, description: 'They are over.' } },
  problems: GUARDED,
} as const

export const CREATE_RESET_LINK_SCHEMA = {
  tags: ['administration'],
  summary: 'Make a link with which a user sets a new password, once',
  params: USER_PARAMS,
  response: {
    201: {
      title: 'ResetLink',
      description: 'Hand it to the owner of the account, and to nobody else.',
      type: 'object',
      required: ['token', 'link', 'expiresAt'],
      additionalProperties: false,
      properties: {
        token: { type: 'string', description: 'For `POST /auth/reset_password`.' },
        link: {
          type: ['string', 'null'],
          description: 'The configured page with the token in its fragment; null without a page.',
        },
        expiresAt: { type: 'string', format: 'date-time' },
      },
    },
  },
  problems: [...GUARDED, 404],
} as const

/** The link as JSON shows it. */
export function toResetLinkJson(
  made: ResetLink,
): Static<(typeof CREATE_RESET_LINK_SCHEMA.response)[201]> {
  const { token, link, expiresAt } = made
  return { token, link, expiresAt: new Date(expiresAt).toISOString() }
}

const AUDIT_EVENT_SCHEMA = {
  title: 'AuditEvent',
  type: 'object',
  required: ['id', 'type', 'at', 'actorId', 'userId', 'sessionId', 'address', 'data'],
  additionalProperties: false,
  properties: {
    id: { type: 'integer' },
    type: { type: 'string', enum: AUDIT_TYPES },
    at: { type: 'string', format: 'date-time' },
    actorId: { type: ['string', 'null'], description: 'Who did it; null for the command line.' },
    userId: { type: ['string', 'null'], description: 'To whom.' },
    sessionId: { type: ['string', 'null'] },
    address: { type: ['string', 'null'] },
    data: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
    },
  },
} as const

export const LIST_AUDIT_SCHEMA = {
  tags: ['administration'],
  summary: 'Read the audit log, newest first',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      userId: { ...ID, description: 'Only what happened to this user.' },
      type: { type: 'string', enum: AUDIT_TYPES },
      since: {
        type: 'string',
        maxLength: 40,
        description: 'Not older than this instant, RFC 3339.',
      },
      before: {
        type: 'integer',
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The `next` of an earlier page.',
      },
      limit: { ...LIMIT, maximum: AUDIT_PAGE_MAX },
    },
  },
  response: {
    200: {
      title: 'AuditPage',
      description: 'One page.',
      type: 'object',
      required: ['events', 'next'],
      additionalProperties: false,
      properties: {
        events: { type: 'array', items: AUDIT_EVENT_SCHEMA },
        next: { type: ['integer', 'null'], description: 'Null on the last page.' },
      },
    },
  },
  problems: GUARDED,
} as const

/** The page as JSON shows it. */
export function toAuditPageJson(page: AuditPage): Static<(typeof LIST_AUDIT_SCHEMA.response)[200]> {
  return { events: page.events.map(toAuditEventJson), next: page.next }
}

function toAuditEventJson(event: AuditRecord): Static<typeof AUDIT_EVENT_SCHEMA> {
  const { id, type, at, actorId, userId, sessionId, address, data } = event
  return {
    ...{ id, type, actorId, userId, sessionId, address },
    at: new Date(at).toISOString(),
    data: { ...data },
  }
}
