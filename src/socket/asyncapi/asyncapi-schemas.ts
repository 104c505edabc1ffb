import { DISCONNECTS, UNSUBSCRIBES } from '../protocols/centrifuge/code.js'
import type { Method } from '../protocols/centrifuge/command.js'

/** A JSON Schema (draft 7, as AsyncAPI has it). */
type Schema = Readonly<Record<string, unknown>>

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const count = { type: 'integer', minimum: 0 } as const
const anything = {} as const
const channel = { $ref: '#/components/schemas/channel' } as const
const position = { offset: count, epoch: text } as const

/** An object; members whose names end in `?` may be absent. Commands may have members that are ignored. */
function object(members: Readonly<Record<string, Schema>>, isOpen = false): Schema {
  const entries = Object.entries(members)
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [plain(name), schema])),
    required: entries.filter(([name]) => plain(name) === name).map(([name]) => name),
    ...(isOpen ? {} : { additionalProperties: false }),
  }
}

function plain(name: string): string {
  return name.endsWith('?') ? name.slice(0, -1) : name
}

const subscribeCommand = object(
  {
    channel,
    'token?': text,
    'data?': anything,
    'positioned?': flag,
    'recoverable?': flag,
    'join_leave?': flag,
    'recover?': flag,
    'offset?': count,
    'epoch?': text,
    'flag?': count,
  },
  true,
)

/** What each command has. */
export const COMMAND_SCHEMAS: Readonly<Record<Method, Schema>> = {
  connect: object(
    {
      'token?': text,
      'data?': anything,
      'name?': text,
      'version?': text,
      'subs?': {
        type: 'object',
        additionalProperties: object({ 'recover?': flag, 'offset?': count, 'epoch?': text }, true),
      },
    },
    true,
  ),
  refresh: object({ token: text }, true),
  subscribe: subscribeCommand,
  sub_refresh: object({ channel, token: text }, true),
  unsubscribe: object({ channel }, true),
  publish: object({ channel, data: anything }, true),
  presence: object({ channel }, true),
  presence_stats: object({ channel }, true),
  history: object(
    {
      channel,
      'limit?': count,
      'since?': object({ 'offset?': count, 'epoch?': text }, true),
      'reverse?': flag,
    },
    true,
  ),
  ping: object({}, true),
  rpc: object({ 'method?': text, 'data?': anything }, true),
  send: object({ 'data?': anything }, true),
}

const expiry = { 'expires?': { const: true }, 'ttl?': { type: 'integer', minimum: 1 } } as const
const subscribeResult = { $ref: '#/components/schemas/subscribeResult' } as const
const publications = {
  type: 'array',
  items: { $ref: '#/components/schemas/publication' },
} as const
const info = { $ref: '#/components/schemas/clientInfo' } as const

/** What each reply has; `send` has none. */
export const RESULT_SCHEMAS: Readonly<Record<Method, Schema>> = {
  connect: object({
    client: text,
    version: text,
    ...expiry,
    ping: { type: 'integer', minimum: 1 },
    pong: { const: true },
    'session?': text,
    'node?': text,
    'subs?': { type: 'object', additionalProperties: subscribeResult },
  }),
  refresh: object({ version: text, ...expiry }),
  subscribe: subscribeResult,
  sub_refresh: object({ expires: { const: true }, ttl: { type: 'integer', minimum: 1 } }),
  unsubscribe: object({}),
  publish: object({}),
  presence: object({ presence: { type: 'object', additionalProperties: info } }),
  presence_stats: object({ num_clients: count, num_users: count }),
  history: object({ publications, ...position }),
  ping: object({}),
  rpc: object({ data: anything }),
  send: { not: {} },
}

function push(members: Readonly<Record<string, Schema>>): Schema {
  return object({ push: object(members) })
}

const about = object({ info })

function codeAndReason(table: Readonly<Record<string, { readonly code: number }>>): Schema {
  const known = Object.values(table).map(({ code }) => code)
  // Servers may choose further codes by the API.
  return object({ code: { type: 'integer', examples: known }, reason: text })
}

/** Everything that the server sends by itself. */
export const PUSH_SCHEMAS: Schema = {
  oneOf: [
    push({ channel, pub: { $ref: '#/components/schemas/publication' } }),
    push({ channel, join: about }),
    push({ channel, leave: about }),
    push({ channel, subscribe: subscribeResult }),
    push({ channel, unsubscribe: codeAndReason(UNSUBSCRIBES) }),
    push({ message: object({ data: anything }) }),
    push({ disconnect: codeAndReason(DISCONNECTS) }),
  ],
}

/** What several messages have in common. */
export const COMPONENT_SCHEMAS: Readonly<Record<string, Schema>> = {
  channel: { type: 'string', pattern: '^[a-z][a-z0-9_-]{0,63}:[\\x21-\\x7e]+$', maxLength: 255 },
  clientInfo: object({ user: text, client: text, 'conn_info?': anything, 'chan_info?': anything }),
  publication: object({
    data: anything,
    'offset?': { type: 'integer', minimum: 1 },
    'info?': info,
    'tags?': { type: 'object', additionalProperties: text },
  }),
  subscribeResult: object({
    ...expiry,
    'recoverable?': { const: true },
    'positioned?': { const: true },
    'was_recovering?': { const: true },
    'recovered?': { const: true },
    'epoch?': text,
    'offset?': count,
    'publications?': publications,
  }),
  registration: object({ 'token?': text, event: text, 'ack?': flag, 'unregister?': flag }, true),
}
