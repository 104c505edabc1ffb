import type { LinkedIdentity } from '../../service/oauth-service.js'
import type { Static } from './static.js'

const PROVIDER_PARAMS_SCHEMA = {
  type: 'object',
  required: ['provider'],
  properties: { provider: { type: 'string', description: 'The name of a configured provider.' } },
} as const

const RETURN_TO_DESCRIPTION =
  'Where to go afterwards: a path of this site, at most 1,024 characters. Anything else counts as `/`.'

export const LIST_PROVIDERS_SCHEMA = {
  tags: ['authentication'],
  summary: 'The providers that one can sign in with',
  response: {
    200: {
      title: 'ProviderList',
      description: 'In the order of the configuration.',
      type: 'object',
      required: ['providers'],
      additionalProperties: false,
      properties: {
        providers: {
          type: 'array',
          items: {
            title: 'Provider',
            type: 'object',
            required: ['name', 'label', 'loginPath'],
            additionalProperties: false,
            properties: {
              name: { type: 'string' },
              label: { type: 'string', description: 'For the button.' },
              loginPath: { type: 'string', description: 'Where the button leads.' },
            },
          },
        },
      },
      examples: [
        { providers: [{ name: 'github', label: 'GitHub', loginPath: '/auth/login/github' }] },
      ],
    },
  },
  problems: [400],
} as const

const REDIRECT = (description: string) =>
  ({
    type: 'null',
    description,
    headers: { location: { schema: { type: 'string' }, description: 'Where to go.' } },
  }) as const

export const START_OAUTH_SCHEMA = {
  tags: ['authentication'],
  summary: 'Sign in with a provider: for the browser to go to, not for a script to fetch',
  params: PROVIDER_PARAMS_SCHEMA,
  // What is given to the provider is ours alone to choose: any other parameter is refused.
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      returnTo: { description: RETURN_TO_DESCRIPTION },
      remember: { type: 'boolean', description: 'Keep the session for longer. Default false.' },
    },
  },
  response: { 303: REDIRECT('To the provider.') },
  problems: [400, 404],
} as const

export const FINISH_OAUTH_SCHEMA = {
  tags: ['authentication'],
  summary: 'Where the provider sends the browser back to',
  description:
    'Sets the credential cookies and goes on to the path that the sign-in was begun with. A browser ' +
    '(`Accept: text/html`) goes there also when the sign-in fails, with the reason in the parameter ' +
    '`oauth_error`; everything else gets the problem. A sign-in that this browser did not begin is ' +
    'always a problem: 400 `oauth_state_invalid`.',
  params: PROVIDER_PARAMS_SCHEMA,
  response: { 303: REDIRECT('To the path that the sign-in was begun with.') },
  problems: [400, 401, 404, 409, 429],
} as const

export const LIST_IDENTITIES_SCHEMA = {
  tags: ['account'],
  summary: 'The ways to sign in to the own account',
  response: {
    200: {
      title: 'SignInWays',
      description: 'The linked accounts, oldest first, and whether there is a password.',
      type: 'object',
      required: ['identities', 'hasPassword'],
      additionalProperties: false,
      properties: {
        identities: {
          type: 'array',
          items: {
            title: 'Identity',
            type: 'object',
            required: ['provider', 'label', 'linkedAt'],
            additionalProperties: false,
            properties: {
              provider: { type: 'string' },
              label: { type: 'string' },
              linkedAt: { type: 'string', format: 'date-time' },
            },
          },
        },
        hasPassword: { type: 'boolean' },
      },
      examples: [
        {
          identities: [
            { provider: 'github', label: 'GitHub', linkedAt: '2026-01-01T00:00:00.000Z' },
          ],
          hasPassword: true,
        },
      ],
    },
  },
  problems: [400, 401, 404],
} as const

export const LINK_IDENTITY_SCHEMA = {
  tags: ['account'],
  summary: 'Begin to link an account of a provider to the own account',
  params: PROVIDER_PARAMS_SCHEMA,
  body: {
    title: 'LinkWish',
    type: ['object', 'null'],
    additionalProperties: false,
    properties: { returnTo: { type: 'string', description: RETURN_TO_DESCRIPTION } },
  },
  response: {
    200: {
      title: 'LinkStart',
      description: 'Send the browser to this address.',
      type: 'object',
      required: ['url'],
      additionalProperties: false,
      properties: { url: { type: 'string' } },
    },
  },
  problems: [400, 401, 403, 404, 413, 415],
} as const

export const UNLINK_IDENTITY_SCHEMA = {
  tags: ['account'],
  summary: 'Unlink the account of a provider',
  description: 'Not the last way to sign in: 400 `last_sign_in_method`.',
  params: PROVIDER_PARAMS_SCHEMA,
  response: { 204: { type: 'null', description: 'It opens this account no more.' } },
  problems: [400, 401, 403, 404],
} as const

/** The ways to sign in as JSON shows them: instants become RFC 3339 strings. */
export function toSignInWaysJson(ways: {
  identities: readonly LinkedIdentity[]
  hasPassword: boolean
}): Static<(typeof LIST_IDENTITIES_SCHEMA.response)[200]> {
  return {
    identities: ways.identities.map(({ provider, label, linkedAt }) => ({
      provider,
      label,
      linkedAt: new Date(linkedAt).toISOString(),
    })),
    hasPassword: ways.hasPassword,
  }
}
