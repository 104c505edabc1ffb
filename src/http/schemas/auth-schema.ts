import { TOKEN_BYTES_MAX } from '../../domain/token.js'
import {
  DISPLAY_NAME_CHARS_MAX,
  EMAIL_BYTES_MAX,
  USERNAME_CHARS_MAX,
  USERNAME_CHARS_MIN,
} from '../../domain/user.js'
import type { SignIn } from '../../service/session-service.js'
import type { Static } from './static.js'
import { PASSWORD_SCHEMA, toUserJson, USER_SCHEMA } from './user-schema.js'

// The lengths here only bound the work. The services know the rules, and name every wrong field at once.
const RESET_TOKEN_CHARS_MAX = 128

export const REGISTER_BODY_SCHEMA = {
  title: 'NewAccount',
  type: 'object',
  required: ['username', 'password'],
  additionalProperties: false,
  properties: {
    username: {
      type: 'string',
      maxLength: EMAIL_BYTES_MAX,
      description:
        `${USERNAME_CHARS_MIN} to ${USERNAME_CHARS_MAX} characters: letters, digits, ` +
        '`.`, `_`, `-`; kept in lower case.',
    },
    password: { ...PASSWORD_SCHEMA, description: '8 to 1024 bytes of UTF-8.' },
    email: { type: 'string', maxLength: EMAIL_BYTES_MAX },
    displayName: { type: 'string', maxLength: DISPLAY_NAME_CHARS_MAX * 4 },
  },
  examples: [{ username: 'alice', password: 'correct horse battery', email: 'alice@example.com' }],
} as const

export const LOGIN_BODY_SCHEMA = {
  title: 'Credentials',
  type: 'object',
  required: ['username', 'password'],
  additionalProperties: false,
  properties: {
    username: {
      type: 'string',
      minLength: 1,
      maxLength: EMAIL_BYTES_MAX,
      description: 'Username or e-mail address.',
    },
    password: PASSWORD_SCHEMA,
    remember: { type: 'boolean', description: 'Keep the session for longer. Default false.' },
    useCookies: {
      type: 'boolean',
      description: 'Also set the tokens as HttpOnly cookies, for browsers. Default false.',
    },
  },
  examples: [{ username: 'alice', password: 'correct horse battery' }],
} as const

/** The body may be left out by a browser whose refresh token is in its cookie. */
export const REFRESH_BODY_SCHEMA = {
  title: 'RefreshToken',
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { refreshToken: { type: 'string', minLength: 1, maxLength: TOKEN_BYTES_MAX } },
} as const

/** What a sign-in and a refresh answer. */
export const SIGN_IN_SCHEMA = {
  title: 'SignIn',
  type: 'object',
  required: ['accessToken', 'refreshToken', 'tokenType', 'expiresIn', 'session', 'user'],
  additionalProperties: false,
  properties: {
    accessToken: { type: 'string', description: 'Send as `Authorization: Bearer <accessToken>`.' },
    refreshToken: { type: 'string', description: 'Good for one refresh.' },
    tokenType: { const: 'Bearer', type: 'string' },
    expiresIn: { type: 'integer', description: 'Life of the access token in seconds.' },
    session: {
      title: 'SessionReference',
      type: 'object',
      required: ['id'],
      additionalProperties: false,
      properties: { id: { type: 'string' } },
    },
    user: USER_SCHEMA,
  },
} as const

/** The sign-in as JSON shows it. */
export function toSignInJson(signIn: SignIn): Static<typeof SIGN_IN_SCHEMA> {
  return {
    accessToken: signIn.accessToken,
    refreshToken: signIn.refreshToken,
    tokenType: 'Bearer',
    expiresIn: signIn.expiresInSeconds,
    session: { id: signIn.sessionId },
    user: toUserJson(signIn.user),
  }
}

export const REGISTER_SCHEMA = {
  tags: ['authentication'],
  summary: 'Create an account',
  body: REGISTER_BODY_SCHEMA,
  response: {
    201: {
      title: 'Registered',
      description: 'The account; sign in next.',
      type: 'object',
      required: ['user'],
      additionalProperties: false,
      properties: { user: USER_SCHEMA },
    },
  },
  problems: [400, 403, 409, 413, 415, 429],
} as const

export const LOGIN_SCHEMA = {
  tags: ['authentication'],
  summary: 'Sign in with a password',
  description:
    'An unknown user, a wrong password and an account that may not sign in are one answer: ' +
    '401 `credentials_invalid`.',
  body: LOGIN_BODY_SCHEMA,
  response: { 200: { ...SIGN_IN_SCHEMA, description: 'Signed in.' } },
  problems: [400, 401, 403, 413, 415, 429],
} as const

export const REFRESH_SCHEMA = {
  tags: ['authentication'],
  summary: 'Exchange a refresh token for a new pair',
  description:
    'The token comes in the body, or in the refresh cookie; then the cookies are renewed too. ' +
    'The token before the current one gets the identical pair for a few seconds; any other use of ' +
    'an old token ends the session everywhere.',
  body: REFRESH_BODY_SCHEMA,
  response: { 200: { ...SIGN_IN_SCHEMA, description: 'The new pair.' } },
  problems: [400, 401, 403, 413, 415],
} as const

export const RESET_PASSWORD_SCHEMA = {
  tags: ['authentication'],
  summary: 'Set a new password with the token of a reset link',
  description:
    'The token is good once, for a while, and until the password changes. All sessions of the ' +
    'account are over then.',
  body: {
    title: 'PasswordReset',
    type: 'object',
    required: ['token', 'newPassword'],
    additionalProperties: false,
    properties: {
      token: { type: 'string', minLength: 1, maxLength: RESET_TOKEN_CHARS_MAX },
      newPassword: { ...PASSWORD_SCHEMA, description: '8 to 1024 bytes of UTF-8.' },
    },
  },
  response: { 204: { type: 'null', description: 'Set; sign in with it.' } },
  problems: [400, 403, 413, 415, 429],
} as const

export const LOGOUT_SCHEMA = {
  tags: ['authentication'],
  summary: 'Sign out: end this session everywhere',
  description: 'Clears the credential cookies.',
  response: { 204: { type: 'null', description: 'The session is over.' } },
  problems: [400, 401, 403],
} as const
