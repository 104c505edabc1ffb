import type { PublicKeySet } from '../../domain/token.js'
import type { Static } from './static.js'

export const INDEX_SCHEMA = {
  tags: ['discovery'],
  summary: 'What this is, and where its description lies',
  response: {
    200: {
      title: 'Index',
      description: 'Names and paths.',
      type: 'object',
      required: ['name', 'health', 'keys'],
      additionalProperties: false,
      properties: {
        name: { type: 'string' },
        openapi: { type: 'string' },
        health: { type: 'string' },
        keys: { type: 'string' },
      },
      examples: [
        {
          name: 'gatehouse',
          openapi: '/openapi.json',
          health: '/health/ready',
          keys: '/.well-known/jwks.json',
        },
      ],
    },
  },
  problems: [400],
} as const

const TEXT = { type: 'string' } as const

/** Every member that a public key may have. A private one has no way out, whatever the source hands over. */
const PUBLIC_KEY_MEMBERS = ['kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const
type PublicKeyMember = (typeof PUBLIC_KEY_MEMBERS)[number]

export const JWKS_SCHEMA = {
  tags: ['discovery'],
  summary: 'The public keys that verify access tokens (RFC 7517)',
  response: {
    200: {
      title: 'JsonWebKeySet',
      description: 'The key set; good for five minutes.',
      type: 'object',
      required: ['keys'],
      additionalProperties: false,
      properties: {
        keys: {
          type: 'array',
          items: {
            title: 'JsonWebKey',
            type: 'object',
            additionalProperties: false,
            properties: {
              kty: TEXT,
              kid: TEXT,
              use: TEXT,
              alg: TEXT,
              crv: TEXT,
              x: TEXT,
              y: TEXT,
              n: TEXT,
              e: TEXT,
            },
          },
        },
      },
    },
    304: { type: 'null', description: 'The set has not changed: `If-None-Match` names it.' },
  },
  problems: [],
} as const

/** The key set as JSON shows it: public members, nothing else. */
export function toKeySetJson(set: PublicKeySet): Static<(typeof JWKS_SCHEMA.response)[200]> {
  return { keys: set.keys.map(publicMembers) }
}

function publicMembers(
  key: Readonly<Record<string, unknown>>,
): Partial<Record<PublicKeyMember, string>> {
  const members: Partial<Record<PublicKeyMember, string>> = {}
  for (const name of PUBLIC_KEY_MEMBERS) {
    const value = key[name]
    if (typeof value === 'string') members[name] = value
  }
  return members
}

export const OPENAPI_SCHEMA = {
  tags: ['discovery'],
  summary: 'This document',
  // Sent as the text it is on disk; nothing is serialised.
  response: {
    200: {
      description: 'An OpenAPI 3.1 document.',
      content: { 'application/json': { schema: { title: 'OpenApiDocument' } } },
    },
  },
  problems: [],
} as const
