import { readFile } from 'node:fs/promises'
import type { PublicKeySource } from '../../domain/token.js'
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

/** What other programs need to find their way: for a public scope without cookies, since caches keep it. */
export async function registerDiscoveryRoutes(
  scope: TypedServer,
  { publicKeys, openapiFile }: DiscoveryRoutesDeps,
): Promise<void> {
  const index = openapiFile === null ? INDEX : { ...INDEX, openapi: DOCUMENT_PATH }

  scope.get('/', { schema: INDEX_SCHEMA, config: { operation: 'index' } }, () => index)
  scope.get(
    '/.well-known/jwks.json',
    { schema: JWKS_SCHEMA, config: { operation: 'getKeys' } },
    (_request, reply) => {
      reply.header('cache-control', KEYS_CACHE_CONTROL)
      return toKeySetJson(publicKeys.publicKeySet())
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
