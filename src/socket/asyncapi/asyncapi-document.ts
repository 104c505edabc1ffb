import { DISCONNECTS, REPLY_ERRORS, UNSUBSCRIBES } from '../protocols/centrifuge/code.js'
import { METHODS } from '../protocols/centrifuge/command.js'
import {
  COMMAND_SCHEMAS,
  COMPONENT_SCHEMAS,
  PUSH_SCHEMAS,
  RESULT_SCHEMAS,
} from './asyncapi-schemas.js'

/** A part of the document. */
type Json = Readonly<Record<string, unknown>>

/**
 * The AsyncAPI 3 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0) of the WebSockets. Methods and
 * codes come from the tables that the server works with, so they cannot differ from it.
 */
export function asyncapiDocument(): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Gatehouse socket service',
      version: '1',
      description:
        'Live messages: the Centrifuge client protocol (JSON, version 2), the simple push protocol, and echo.',
    },
    defaultContentType: 'application/json',
    channels: {
      centrifuge: {
        address: '/connection/websocket',
        description:
          'Each message holds one or more JSON objects, one a line: commands to the server, replies and pushes back.',
        messages: {
          command: { $ref: '#/components/messages/command' },
          reply: { $ref: '#/components/messages/reply' },
          push: { $ref: '#/components/messages/push' },
          ping: { $ref: '#/components/messages/ping' },
        },
        'x-disconnects': codesOf(DISCONNECTS),
        'x-unsubscribes': codesOf(UNSUBSCRIBES),
        'x-errors': codesOf(REPLY_ERRORS),
      },
      push: {
        address: '/ws',
        description: 'Registrations in, bare text messages out.',
        messages: {
          registration: { $ref: '#/components/messages/registration' },
          text: { $ref: '#/components/messages/text' },
        },
      },
      echo: {
        address: '/socket_server',
        description: 'Answers every message, for trying a connection out.',
        messages: { text: { $ref: '#/components/messages/text' } },
      },
    },
    operations: {
      command: operation('receive', 'centrifuge', ['command', 'ping']),
      answer: operation('send', 'centrifuge', ['reply', 'push', 'ping']),
      register: operation('receive', 'push', ['registration']),
      push: operation('send', 'push', ['text']),
      ask: operation('receive', 'echo', ['text']),
      echo: operation('send', 'echo', ['text']),
    },
    components: {
      messages: {
        command: message('A command.', { oneOf: METHODS.map(commandSchema) }),
        reply: message('The reply to a command.', {
          oneOf: [errorSchema(), ...METHODS.filter((method) => method !== 'send').map(replySchema)],
        }),
        push: message('Something that nobody asked for.', PUSH_SCHEMAS),
        ping: message('Asks whether the peer lives, and says so.', {
          type: 'object',
          maxProperties: 0,
        }),
        registration: message('A registration of the push protocol.', {
          $ref: '#/components/schemas/registration',
        }),
        text: { contentType: 'text/plain', payload: { type: 'string' } },
      },
      schemas: COMPONENT_SCHEMAS,
    },
  }
}

function operation(action: 'send' | 'receive', channel: string, messages: readonly string[]): Json {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: messages.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  }
}

function message(summary: string, payload: Json): Json {
  return { summary, payload }
}

function commandSchema(method: (typeof METHODS)[number]): Json {
  return {
    type: 'object',
    properties: { id: { type: 'integer', minimum: 1 }, [method]: COMMAND_SCHEMAS[method] },
    required: method === 'send' ? [method] : ['id', method],
    additionalProperties: false,
  }
}

function replySchema(method: (typeof METHODS)[number]): Json {
  return {
    type: 'object',
    properties: { id: { type: 'integer', minimum: 1 }, [method]: RESULT_SCHEMAS[method] },
    required: ['id', method],
    additionalProperties: false,
  }
}

function errorSchema(): Json {
  const codes = Object.values(REPLY_ERRORS).map(({ code }) => code)
  return {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1 },
      error: {
        type: 'object',
        properties: {
          code: { enum: codes },
          message: { type: 'string' },
          temporary: { type: 'boolean' },
        },
        required: ['code', 'message'],
        additionalProperties: false,
      },
    },
    required: ['id', 'error'],
    additionalProperties: false,
  }
}

function codesOf(table: Readonly<Record<string, { readonly code: number }>>): Json {
  return Object.fromEntries(Object.values(table).map((entry) => [String(entry.code), entry]))
}
