import { invalidArgument } from '../../errors/app-error.js'

/** One operation as a client asked for it. */
export interface OperationRequest {
  readonly query: string
  /** Null: the only operation of the text. */
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
}

/**
 * Reads the parameters of one request: `query`, `operationName`, `variables`, `extensions`
 * (https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters). Raises INVALID_ARGUMENT.
 */
export function readParams(value: unknown): OperationRequest {
  if (!isObject(value)) throw invalidArgument('A GraphQL request is a JSON object.')
  const { query, operationName = null, variables = null, extensions = null } = value
  if (typeof query !== 'string' || query === '') throw wrong('query', 'is a text and not empty')
  if (operationName !== null && typeof operationName !== 'string') {
    throw wrong('operationName', 'is a text')
  }
  if (variables !== null && !isObject(variables)) throw wrong('variables', 'is an object')
  if (extensions !== null && !isObject(extensions)) throw wrong('extensions', 'is an object')
  // An empty name is what some clients send for none.
  return { query, operationName: operationName || null, variables: variables ?? {} }
}

/** The same from the query part of a URL, where `variables` and `extensions` are JSON texts. */
export function readUrlParams(query: Readonly<Record<string, unknown>>): OperationRequest {
  const { query: text, operationName, variables, extensions } = query
  return readParams({
    query: text,
    operationName,
    variables: parseJsonParam('variables', variables),
    extensions: parseJsonParam('extensions', extensions),
  })
}

function parseJsonParam(name: string, value: unknown): unknown {
  if (value === undefined || value === '') return null
  if (typeof value !== 'string') throw wrong(name, 'came more than once')
  try {
    return JSON.parse(value, refusePrototype) as unknown
  } catch {
    throw wrong(name, 'is JSON')
  }
}

/** As the parser of bodies does: a member of this name is never honest. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new SyntaxError(name)
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(name: string, expected: string): Error {
  const message = `"${name}" ${expected}.`
  return invalidArgument(message, [{ path: name, message }])
}
