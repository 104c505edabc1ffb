import { USER_SCHEMA } from './user-schema.js'

const INT32_MIN = -2_147_483_648
const INT32_MAX = 2_147_483_647

export const HELLO_SCHEMA = {
  tags: ['greetings'],
  summary: 'Say hello',
  response: {
    200: {
      title: 'Hello',
      description: 'A greeting, and the environment it comes from.',
      type: 'object',
      required: ['hello', 'env'],
      additionalProperties: false,
      properties: { hello: { type: 'string' }, env: { type: 'string' } },
      examples: [{ hello: 'world', env: 'debug' }],
    },
  },
  problems: [400],
} as const

export const HOME_SCHEMA = {
  tags: ['greetings'],
  summary: 'The page behind the door',
  response: {
    200: {
      title: 'Home',
      description: 'A welcome to whoever is signed in.',
      type: 'object',
      required: ['text', 'user'],
      additionalProperties: false,
      properties: { text: { type: 'string' }, user: USER_SCHEMA },
    },
  },
  problems: [400, 401],
} as const

export const GRPC_HELLO_SCHEMA = {
  tags: ['greetings'],
  summary: 'Ask the gRPC service for a greeting',
  querystring: {
    type: 'object',
    required: ['id'],
    properties: {
      id: { type: 'integer', minimum: INT32_MIN, maximum: INT32_MAX, description: 'An int32.' },
    },
  },
  response: {
    200: {
      title: 'GrpcHello',
      description: 'What the gRPC service said.',
      type: 'object',
      required: ['id', 'name'],
      additionalProperties: false,
      properties: { id: { type: 'integer' }, name: { type: 'string' } },
      examples: [{ id: 1, name: 'world' }],
    },
  },
  problems: [400, 503, 504],
} as const
