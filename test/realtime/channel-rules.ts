import type { NamespaceRules } from '../../src/realtime/namespace.js'

/** Rules that allow everything and keep nothing. */
export const OPEN_RULES: NamespaceRules = {
  historySize: 0,
  historySeconds: 60,
  recovery: false,
  presence: false,
  joinLeave: false,
  subscribe: ['anyone'],
  publish: ['anyone'],
  delivery: 'all',
}

/** Rules with a stream of a hundred. */
export const STREAM_RULES: NamespaceRules = { ...OPEN_RULES, historySize: 100, recovery: true }
