import {
  DISPLAY_NAME_CHARS_MAX,
  EMAIL_BYTES_MAX,
  GENDERS,
  type User,
  USER_ROLES,
  USER_STATES,
} from '../../domain/user.js'
import { PASSWORD_BYTES_MAX } from '../../domain/password.js'
import { END_RESULT_SCHEMA, SESSION_SCHEMA } from './session-schema.js'
import type { Static } from './static.js'

/** An account as every answer shows it: never a password or its hash. */
export const USER_SCHEMA = {
  title: 'User',
  type: 'object',
  required: [
    'id',
    'username',
    'displayName',
    'email',
    'avatarUrl',
    'gender',
    'role',
    'state',
    'createdAt',
  ],
  additionalProperties: false,
  properties: {
    id: { type: 'string' },
    username: { type: 'string', description: 'Canonical: lower-case, unique.' },
    displayName: { type: 'string' },
    email: { type: ['string', 'null'] },
    avatarUrl: { type: ['string', 'null'] },
    gender: { type: 'string', enum: GENDERS },
    role: { type: 'string', enum: USER_ROLES },
    state: { type: 'string', enum: USER_STATES },
    createdAt: { type: 'string', format: 'date-time' },
  },
  examples: [
    {
      id: '01JD3Y8Q0M6T5R4E3W2Q1P0N9B',
      username: 'alice',
      displayName: 'Alice',
      email: 'alice@example.com',
      avatarUrl: null,
      gender: 'unknown',
      role: 'user',
      state: 'active',
      createdAt: '2026-01-01T00:00:00.000Z',
    },
  ],
} as const

export type UserJson = Static<typeof USER_SCHEMA>

/** The user as JSON shows it: instants become RFC 3339 strings. */
export function toUserJson(user: User): UserJson {
  return {
    id: user.id,
    username: user.username,
    displayName: user.displayName,
    email: user.email,
    avatarUrl: user.avatarUrl,
    gender: user.gender,
    role: user.role,
    state: user.state,
    createdAt: new Date(user.createdAt).toISOString(),
  }
}

// The length only bounds the work; the services know the rules.
export const PASSWORD_SCHEMA = {
  type: 'string',
  minLength: 1,
  maxLength: PASSWORD_BYTES_MAX,
} as const

export const UPDATE_PROFILE_BODY_SCHEMA = {
  title: 'ProfileChanges',
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    displayName: {
      type: 'string',
      description: `1 to ${DISPLAY_NAME_CHARS_MAX} characters without control characters.`,
      // The service counts characters after trimming; this only bounds its work.
      maxLength: DISPLAY_NAME_CHARS_MAX * 4,
    },
    gender: { type: 'string', enum: GENDERS },
    email: {
      type: ['string', 'null'],
      maxLength: EMAIL_BYTES_MAX,
      description: 'Can be used to sign in, so it takes `currentPassword`; null takes it away.',
    },
    currentPassword: PASSWORD_SCHEMA,
  },
  examples: [{ displayName: 'Alice in Wonderland' }],
} as const

const ME = {
  title: 'Me',
  description: 'The account and the session of the caller.',
  type: 'object',
  required: ['user', 'session'],
  additionalProperties: false,
  properties: { user: USER_SCHEMA, session: SESSION_SCHEMA },
} as const

export const GET_ME_SCHEMA = {
  tags: ['account'],
  summary: 'Who am I, and by which session',
  response: { 200: ME },
  problems: [400, 401],
} as const

export const UPDATE_ME_SCHEMA = {
  tags: ['account'],
  summary: 'Change the own profile',
  body: UPDATE_PROFILE_BODY_SCHEMA,
  response: { 200: ME },
  problems: [400, 401, 403, 409, 413, 415, 429],
} as const

export const CHANGE_PASSWORD_SCHEMA = {
  tags: ['account'],
  summary: 'Change the own password and end all other own sessions',
  body: {
    title: 'PasswordChange',
    type: 'object',
    required: ['currentPassword', 'newPassword'],
    additionalProperties: false,
    properties: {
      currentPassword: PASSWORD_SCHEMA,
      newPassword: { ...PASSWORD_SCHEMA, description: '8 to 1024 bytes of UTF-8.' },
    },
  },
  response: { 200: { ...END_RESULT_SCHEMA, description: 'Changed; the others are over.' } },
  problems: [400, 401, 403, 413, 415, 429],
} as const
