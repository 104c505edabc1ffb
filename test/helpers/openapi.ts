import { isDeepStrictEqual } from 'node:util'
import fastifySwagger, { type SwaggerTransform } from '@fastify/swagger'
import { STATUS_CODES } from 'node:http'
import { format } from 'prettier'
import { PROBLEM_SCHEMA } from '../../src/http/schemas/problem-schema.js'
import { createTestHttp } from './http-fakes.js'

const PROBLEM_CONTENT = { 'application/problem+json': { schema: PROBLEM_SCHEMA } }
/** What any route may answer: the store cannot be reached, or a bug. */
const COMMON_PROBLEMS = [500, 503]
/** Operations that need no session and are no part of the guarded scope. */
const PUBLIC_TAGS: ReadonlySet<string> = new Set(['discovery', 'operation', 'greetings'])
const PUBLIC_OPERATIONS: ReadonlySet<string> = new Set([
  ...['register', 'login', 'refreshToken', 'resetPassword'],
  ...['listProviders', 'startOauth', 'finishOauth'],
])

const INFO = {
  title: 'Gatehouse',
  version: '1',
  description:
    'Accounts, sessions and greetings over HTTP. A session that is ended anywhere is over everywhere: ' +
    'the next request with it is refused. Every refusal is a problem document (RFC 9457) with a `code` ' +
    'of a closed set and a stable `reason`.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const TAGS = [
  { name: 'authentication', description: 'Register, sign in, refresh, sign out.' },
  { name: 'account', description: 'The own account.' },
  {
    name: 'administration',
    description: 'Accounts and sessions of others, the audit log; for administrators.',
  },
  { name: 'services', description: 'What other services ask about tokens.' },
  { name: 'sessions', description: 'The own sessions, and how to end them.' },
  { name: 'greetings', description: 'Routes to try things with.' },
  { name: 'discovery', description: 'Keys and documents for other programs.' },
  { name: 'operation', description: 'Health and metrics.' },
]

const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of `/auth/login`; for `/metrics`, the API key.',
  },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '_at',
    description:
      'The access cookie (`__Host-at` where cookies are secure). Requests that change something ' +
      'must come from a page of this site.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  client: {
    type: 'http',
    scheme: 'basic',
    description: 'A configured name and secret (`oauth.clients`); in the form works as well.',
  },
} as const

/** The API document of the routes as they are registered, as the text of `assets/openapi.json`. */
export async function generateOpenapi(): Promise<string> {
  const { server } = createTestHttp({
    prepare: (prepared) => {
      prepared.register(fastifySwagger, {
        openapi: {
          openapi: '3.1.0',
          info: INFO,
          tags: TAGS,
          components: { securitySchemes: SECURITY_SCHEMES },
        },
        transform: describeRoute,
      })
    },
  })
  await server.ready()
  const document = hoistTitledSchemas(toJson(server.swagger(), markOptionalBody))
  await server.close()
  return format(JSON.stringify(document), { parser: 'json', printWidth: 100 })
}

/** Adds to a route what its schema says in short: its name, its problems, its credentials. */
const describeRoute: SwaggerTransform = ({ schema, url, route }) => {
  const described: Record<string, unknown> = { ...schema }
  const operationId = route.config?.operation ?? ''
  const tag = schema.tags?.[0] ?? ''
  const isGuarded = operationId === 'home' || !PUBLIC_TAGS.has(tag)
  const problems = 'problems' in schema ? (schema.problems as readonly number[]) : []
  const responses: Record<string, unknown> = { ...(schema.response as object | undefined) }
  for (const status of [...problems, ...COMMON_PROBLEMS]) {
    responses[status] ??= { description: STATUS_CODES[status], content: PROBLEM_CONTENT }
  }
  delete described['problems']
  described['operationId'] = operationId
  described['response'] = responses
  if (schema.security === undefined && isGuarded && !PUBLIC_OPERATIONS.has(operationId)) {
    described['security'] = [{ bearer: [] }, { cookie: [] }]
  }
  return { schema: described, url }
}

function isExample(member: string): boolean {
  return member === 'example' || member === 'examples'
}

type Json = null | boolean | number | string | Json[] | { [member: string]: Json }

function toJson(value: unknown, reviver: (name: string, member: unknown) => unknown): Json {
  return JSON.parse(JSON.stringify(value), reviver) as Json
}

interface RequestBody {
  readonly content: Readonly<Record<string, { readonly schema: { readonly type: unknown } }>>
}

/** A body whose schema allows null may be left out. */
function markOptionalBody(name: string, member: unknown): unknown {
  if (name !== 'requestBody') return member
  const body = member as RequestBody
  const type = body.content['application/json']?.schema.type
  return { ...body, required: !(Array.isArray(type) && type.includes('null')) }
}

/** Moves every schema with a title to the components, so that each is written once. */
function hoistTitledSchemas(document: Json): Json {
  const schemas: Record<string, Json> = {}
  const hoist = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(hoist)
    if (value === null || typeof value !== 'object') return value
    const walked = Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        isExample(name) ? member : hoist(member),
      ]),
    )
    const { title } = walked
    if (typeof title !== 'string' || title === INFO.title) return walked
    // The description tells of the one place where it is used, and is written there already.
    const schema = Object.fromEntries(
      Object.entries(walked).filter(([name]) => name !== 'description'),
    )
    schemas[title] ??= schema
    if (!isDeepStrictEqual(schemas[title], schema)) {
      throw new Error(`two different schemas are called ${title}`)
    }
    return { $ref: `#/components/schemas/${title}` }
  }
  const root = hoist(document) as { components: Record<string, Json> } & Record<string, Json>
  return { ...root, components: { ...root.components, schemas } }
}
