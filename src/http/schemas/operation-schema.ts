export const LIVE_SCHEMA = {
  tags: ['operation'],
  summary: 'Whether the process runs',
  response: {
    200: {
      title: 'Live',
      description: 'It runs.',
      type: 'object',
      required: ['status'],
      additionalProperties: false,
      properties: { status: { type: 'string', const: 'ok' } },
    },
  },
} as const

const PARTS = {
  type: 'object',
  description: 'What the service depends on.',
  additionalProperties: { type: 'string', enum: ['ok', 'failing'] },
} as const

export const READY_SCHEMA = {
  tags: ['operation'],
  summary: 'Whether the process should get traffic',
  description:
    'Asks every store once. Not ready before the start is finished and while shutting down.',
  response: {
    200: {
      title: 'Ready',
      description: 'Send traffic.',
      type: 'object',
      required: ['status', 'parts'],
      additionalProperties: false,
      properties: { status: { type: 'string', const: 'ok' }, parts: PARTS },
      examples: [{ status: 'ok', parts: { sql: 'ok', sessions: 'ok' } }],
    },
    503: {
      title: 'NotReady',
      description: 'Send no traffic.',
      type: 'object',
      required: ['status', 'parts'],
      additionalProperties: false,
      properties: { status: { type: 'string', const: 'unavailable' }, parts: PARTS },
      examples: [{ status: 'unavailable', parts: { sql: 'failing', sessions: 'ok' } }],
    },
  },
} as const

export const METRICS_SCHEMA = {
  tags: ['operation'],
  summary: 'Metrics in the text format of Prometheus',
  security: [{ apiKey: [] }, { bearer: [] }],
  response: {
    200: {
      description: 'The metrics of the process.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  },
  problems: [401],
} as const
