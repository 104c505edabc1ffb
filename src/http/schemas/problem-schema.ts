/**
 * A refusal as RFC 9457 describes it, with the members of our error table added. Problems are written by
 * one function from a fixed list of members; the schema is their contract for documentation and tests.
 */
export const PROBLEM_SCHEMA = {
  title: 'Problem',
  description: 'Why a request was refused (RFC 9457).',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'reason', 'requestId', 'details'],
  additionalProperties: false,
  properties: {
    type: { type: 'string', description: 'Always `about:blank`: `code` and `reason` tell more.' },
    title: { type: 'string', description: 'The phrase of the HTTP status.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'A sentence for people.' },
    code: { type: 'string', description: 'One of the closed set of failure codes.' },
    reason: { type: 'string', description: 'Stable and machine-readable, in lower_snake_case.' },
    requestId: { type: 'string', description: 'The `x-request-id` of this answer.' },
    details: {
      type: 'array',
      description: 'What is wrong with which input.',
      items: {
        title: 'ProblemDetail',
        type: 'object',
        required: ['path', 'message'],
        additionalProperties: false,
        properties: {
          path: { type: 'string', description: 'For example `body.username`.' },
          message: { type: 'string' },
        },
      },
    },
  },
  examples: [
    {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'This session was ended from another device.',
      code: 'UNAUTHENTICATED',
      reason: 'ended_by_user',
      requestId: '1f0c6a52-0d5c-4f57-9f5e-0d9c3a4b5e6f',
      details: [],
    },
  ],
} as const
