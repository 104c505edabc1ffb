import { TOKEN_BYTES_MAX } from '../../domain/token.js'
import { USER_ROLES } from '../../domain/user.js'
import type { Inspection } from '../../service/token-inspection-service.js'
import type { Static } from './static.js'

const CREDENTIAL = { type: 'string', maxLength: 1024 } as const

/** Parameters that are not known are passed over (RFC 6749 §3.2). */
const TOKEN_FORM_SCHEMA = {
  title: 'TokenForm',
  type: 'object',
  required: ['token'],
  properties: {
    // A token that is too long is no token of ours, which is no error here.
    token: { type: 'string', description: `At most ${TOKEN_BYTES_MAX} bytes are ever a token.` },
    token_type_hint: { type: 'string', description: 'Passed over: tokens tell what they are.' },
    client_id: { ...CREDENTIAL, description: 'With `client_secret`, in place of the header.' },
    client_secret: CREDENTIAL,
  },
} as const

/** What an OAuth endpoint says when it refuses: RFC 6749 §5.2 with the members of a problem. */
const OAUTH_ERROR_SCHEMA = {
  title: 'OAuthError',
  type: 'object',
  required: ['error', 'error_description', 'code', 'reason', 'requestId'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'string',
      enum: ['invalid_request', 'invalid_client', 'temporarily_unavailable', 'server_error'],
    },
    error_description: { type: 'string' },
    code: { type: 'string' },
    reason: { type: 'string' },
    requestId: { type: 'string' },
  },
} as const
export type OAuthErrorJson = Static<typeof OAUTH_ERROR_SCHEMA>

const REFUSALS = {
  400: { ...OAUTH_ERROR_SCHEMA, description: 'The form cannot be read, or has no token.' },
  401: { ...OAUTH_ERROR_SCHEMA, description: 'The client is not one of the configured ones.' },
  503: { ...OAUTH_ERROR_SCHEMA, description: 'A store cannot be reached; try again.' },
} as const

export const INTROSPECT_SCHEMA = {
  tags: ['services'],
  summary: 'Ask what an access token says and whether it is good now (RFC 7662)',
  description:
    'Good means: genuine, in time, its session alive, its user not frozen. Whatever is not good is ' +
    '`{"active": false}` and nothing more, refresh tokens included.',
  consumes: ['application/x-www-form-urlencoded'],
  security: [{ client: [] }],
  body: TOKEN_FORM_SCHEMA,
  response: {
    200: {
      title: 'Introspection',
      description: 'What the token says; only `active` when it is not good.',
      type: 'object',
      required: ['active'],
      additionalProperties: false,
      properties: {
        active: { type: 'boolean' },
        token_type: { type: 'string', const: 'Bearer' },
        iss: { type: 'string' },
        aud: { type: 'string' },
        sub: { type: 'string', description: 'The id of the user.' },
        username: { type: 'string' },
        role: { type: 'string', enum: USER_ROLES, description: 'As the account has it now.' },
        sid: { type: 'string', description: 'The id of the session.' },
        jti: { type: 'string' },
        iat: { type: 'integer', description: 'Seconds since the epoch, as all instants here.' },
        exp: { type: 'integer' },
      },
    },
    ...REFUSALS,
  },
  problems: [413, 415],
} as const

export const REVOKE_SCHEMA = {
  tags: ['services'],
  summary: 'Revoke a token: end its session everywhere (RFC 7009)',
  description:
    'An access or a refresh token. One that is not good (any more) is no error: 200 all the same.',
  consumes: ['application/x-www-form-urlencoded'],
  security: [{ client: [] }],
  body: TOKEN_FORM_SCHEMA,
  response: { 200: { type: 'null', description: 'It is good no more.' }, ...REFUSALS },
  problems: [413, 415],
} as const

/** The inspection as RFC 7662 §2.2 writes it. */
export function toIntrospectionJson(
  found: Inspection | null,
  { issuer, audience }: { issuer: string; audience: string },
): Static<(typeof INTROSPECT_SCHEMA.response)[200]> {
  if (!found) return { active: false }
  const { claims, user } = found
  return {
    active: true,
    token_type: 'Bearer',
    iss: issuer,
    aud: audience,
    sub: claims.userId,
    username: user.username,
    role: user.role,
    sid: claims.sessionId,
    jti: claims.tokenId,
    iat: Math.floor(claims.issuedAt / 1000),
    exp: Math.floor(claims.expiresAt / 1000),
  }
}
