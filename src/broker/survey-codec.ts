import type {
  SurveyAnswer,
  SurveyHandlers,
  SurveyKind,
  SurveyKinds,
  SurveyRequest,
} from '../domain/broker.js'
import { SESSION_END_REASONS } from '../domain/session.js'

/**
 * What crosses the line between processes, which may run different versions: nothing read from it is
 * believed before its shape has been checked.
 */

type Check = (value: unknown) => boolean

const CHECKS: { readonly [K in SurveyKind]: { request: Check; answer: Check } } = {
  sessions_ended: {
    request: (value) => isRecord(value) && isListOf(value['sessions'], isEndedSession),
    answer: (value) => isRecord(value) && isCount(value['connectionsClosed']),
  },
  push: {
    request: (value) =>
      isRecord(value) &&
      isString(value['userId']) &&
      isString(value['event']) &&
      isString(value['message']),
    answer: (value) =>
      isRecord(value) &&
      isCount(value['delivered']) &&
      isOptional(value['queued'], isCount) &&
      isOptional(value['dropped'], isCount),
  },
  drop: {
    request: (value) =>
      isRecord(value) && isString(value['userId']) && isOptional(value['event'], isString),
    answer: (value) => isRecord(value) && isCount(value['connections']),
  },
  clients: {
    request: isClientOrder,
    answer: (value) => isRecord(value) && isCount(value['connections']),
  },
  receipt: {
    request: (value) =>
      isRecord(value) && isString(value['receiptId']) && isString(value['channel']),
    answer: (value) =>
      isRecord(value) &&
      isString(value['processId']) &&
      (value['counts'] === null || hasCounts(value['counts'], ['written', 'queued', 'dropped'])),
  },
  process_info: {
    request: isRecord,
    answer: (value) =>
      isRecord(value) &&
      isString(value['processId']) &&
      hasCounts(value, ['connections', 'users', 'subscriptions', 'channels', 'uptimeSeconds']),
  },
  emulate: {
    request: (value) =>
      isRecord(value) &&
      isString(value['processId']) &&
      isString(value['session']) &&
      isString(value['data']),
    answer: (value) =>
      isRecord(value) && isString(value['processId']) && typeof value['isHandled'] === 'boolean',
  },
  auth_changed: {
    request: (value) => isRecord(value) && isAuthChange(value['change']),
    answer: (value) => isRecord(value) && isCount(value['told']),
  },
  count_connections: {
    request: (value) => isRecord(value) && isListOf(value['sessionIds'], isString),
    answer: (value) => {
      const bySession = isRecord(value) ? value['bySession'] : null
      return isRecord(bySession) && Object.values(bySession).every(isCount)
    },
  },
  users_changed: {
    request: (value) =>
      isRecord(value) && (value['userIds'] === null || isListOf(value['userIds'], isString)),
    answer: isRecord,
  },
  keys_burned: {
    request: (value) => isRecord(value) && isListOf(value['keyIds'], isString),
    answer: (value) => isRecord(value) && isCount(value['dropped']),
  },
}

/** The kind of that name, or null when this version does not know it. */
export function parseKind(name: string): SurveyKind | null {
  return Object.hasOwn(CHECKS, name) ? (name as SurveyKind) : null
}

export function encodeRequest<K extends SurveyKind>(request: SurveyRequest<K>): string {
  return JSON.stringify(request)
}

/** Null answers for a process that could not say: `refused`. */
export function encodeAnswer<K extends SurveyKind>(answer: SurveyAnswer<K> | null): string {
  return JSON.stringify(answer)
}

/** The answer, or null when the other process could not give one or it is not of this kind. */
export function decodeAnswer<K extends SurveyKind>(kind: K, text: string): SurveyAnswer<K> | null {
  return decode<SurveyAnswer<K>>(text, CHECKS[kind].answer)
}

/**
 * Gives the request of a message to its handler and answers with what it said. Raises when the request is
 * not of this kind, or when the handler does.
 */
export function handleEncoded(handlers: SurveyHandlers, kind: SurveyKind, text: string): string {
  switch (kind) {
    case 'sessions_ended':
      return handleAs(kind, handlers[kind], text)
    case 'push':
      return handleAs(kind, handlers[kind], text)
    case 'auth_changed':
      return handleAs(kind, handlers[kind], text)
    case 'drop':
      return handleAs(kind, handlers[kind], text)
    case 'clients':
      return handleAs(kind, handlers[kind], text)
    case 'receipt':
      return handleAs(kind, handlers[kind], text)
    case 'process_info':
      return handleAs(kind, handlers[kind], text)
    case 'emulate':
      return handleAs(kind, handlers[kind], text)
    case 'count_connections':
      return handleAs(kind, handlers[kind], text)
    case 'users_changed':
      return handleAs(kind, handlers[kind], text)
    case 'keys_burned':
      return handleAs(kind, handlers[kind], text)
  }
}

function handleAs<K extends SurveyKind>(
  kind: K,
  handler: (request: SurveyKinds[K]['request']) => SurveyKinds[K]['answer'],
  text: string,
): string {
  const request = decode<SurveyRequest<K>>(text, CHECKS[kind].request)
  if (request === null) throw new TypeError(`This is not a request of kind ${kind}.`)
  return encodeAnswer<K>(handler(request))
}

function decode<T>(text: string, check: Check): T | null {
  try {
    const value: unknown = JSON.parse(text)
    return check(value) ? (value as T) : null
  } catch {
    return null
  }
}

function isEndedSession(value: unknown): boolean {
  return (
    isRecord(value) &&
    isString(value['id']) &&
    isString(value['userId']) &&
    SESSION_END_REASONS.some((reason) => reason === value['reason'])
  )
}

function isAuthChange(value: unknown): boolean {
  if (!isRecord(value) || !isString(value['userId'])) return false
  if (value['type'] !== 'signed_in') {
    return value['type'] === 'profile_changed' || value['type'] === 'sessions_changed'
  }
  const { clientId, tabId, sessionId } = value
  return isString(clientId) && isString(sessionId) && (tabId === null || isString(tabId))
}

function isClientOrder(value: unknown): boolean {
  if (!isRecord(value) || !isString(value['userId'])) return false
  if (!isOptional(value['connectionId'], isString)) return false
  if (!isOptional(value['sessionId'], isString)) return false
  if (value['action'] === 'disconnect') return isCount(value['code']) && isString(value['reason'])
  const { action, channel } = value
  return (action === 'subscribe' || action === 'unsubscribe') && isString(channel)
}

function hasCounts(value: unknown, names: readonly string[]): boolean {
  return isRecord(value) && names.every((name) => isCount(value[name]))
}

function isOptional(value: unknown, check: Check): boolean {
  return value === undefined || check(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isListOf(value: unknown, check: Check): boolean {
  return Array.isArray(value) && value.every(check)
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
