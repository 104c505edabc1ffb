import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { PublicKeySet, PublicKeySource } from '../../domain/token.js'
import type { TypedServer } from '../fastify-types.js'
import {
  INDEX_SCHEMA,
  JWKS_SCHEMA,
  OPENAPI_SCHEMA,
  toKeySetJson,
} from '../schemas/discovery-schema.js'

/** A retired key may be trusted that much longer by who cached the set. */
const KEYS_CACHE_CONTROL = 'public, max-age=300'
const DOCUMENT_CACHE_CONTROL = 'public, max-age=300'

const DOCUMENT_PATH = '/openapi.json'

const INDEX = {
  name: 'gatehouse',
  health: '/health/ready',
  keys: '/.well-known/jwks.json',
}

export interface DiscoveryRoutesDeps {
  readonly publicKeys: PublicKeySource
  /** The API document, read once, here; null serves none. Rejects when it cannot be read. */
  readonly openapiFile: string | null
}

interface TaggedKeySet {
  readonly json: ReturnType<typeof toKeySetJson>
  readonly etag: string
}

/** The key set as it is sent, and its tag; worked out anew only when the keys have changed. */
function createTaggedKeySet(publicKeys: PublicKeySource): () => TaggedKeySet {
  let known: PublicKeySet | undefined
  let tagged: TaggedKeySet = { json: { keys: [] }, etag: '""' }
  return () => {
    const set = publicKeys.publicKeySet()
    if (set !== known) {
      const json = toKeySetJson(set)
      const digest = createHash('sha256').update(JSON.stringify(json)).digest('base64url')
      tagged = { json, etag: `"${digest}"` }
      known = set
    }
    return tagged
  }
}

/** Whether a cache has this very version (RFC 9110 §13.1.2, by weak comparison). */
function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return (
    header.trim() === '*' ||
    header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  )
}

/** What other programs need to find their way: for a public scope without cookies, since caches keep it. */
export async function registerDiscoveryRoutes(
  scope: TypedServer,
  { publicKeys, openapiFile }: DiscoveryRoutesDeps,
): Promise<void> {
  const keySet = createTaggedKeySet(publicKeys)
  const index = openapiFile === null ? INDEX : { ...INDEX, openapi: DOCUMENT_PATH }

  scope.get('/', { schema: INDEX_SCHEMA, config: { operation: 'index' } }, () => index)
  scope.get(
    '/.well-known/jwks.json',
    { schema: JWKS_SCHEMA, config: { operation: 'getKeys' } },
    async (request, reply) => {
      const { json, etag } = keySet()
      reply.header('cache-control', KEYS_CACHE_CONTROL).header('etag', etag)
      if (matchesTag(request.headers['if-none-match'], etag)) return reply.code(304).send(null)
      return json
    },
  )
  if (openapiFile === null) return
  const openapi = await readFile(openapiFile, 'utf8')
  scope.get(
    DOCUMENT_PATH,
    { schema: OPENAPI_SCHEMA, config: { operation: 'getDocument' } },
    (_request, reply) => {
      reply.header('cache-control', DOCUMENT_CACHE_CONTROL)
      return reply.type('application/json; charset=utf-8').send(openapi)
    },
  )
}
