import type { FastifySchemaValidationError } from 'fastify'
import { AppError, type ErrorDetail, invalidArgument, toAppError } from '../errors/app-error.js'
import { TOO_LARGE_REASON } from '../errors/code.js'

const DETAILS_MAX = 20
const PATH_CHARS_MAX = 128

/**
 * Turns whatever a request can fail with (our own errors, Fastify's, the parser's, a bug) into an AppError.
 * Nothing of the request is repeated in it but the names of its members.
 */
export function mapHttpError(thrown: unknown): AppError {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return toAppError(thrown)
  const failure: Error & FastifyFailure = thrown
  if (Array.isArray(failure.validation)) {
    return invalidInput(failure.validation, failure.validationContext ?? 'body')
  }
  const known = KNOWN_FAILURES.get(failure.code ?? '')
  if (known !== undefined) return known()
  // What else Fastify and its parsers blame on the client. A bug of ours never carries such a status.
  const status = failure.statusCode ?? 0
  if (status >= 400 && status < 500)
    return refused('request_malformed', 'The request is malformed.')
  return toAppError(thrown)
}

/** The error for an input that a schema refuses: every wrong place is named, up to twenty. */
export function invalidInput(
  errors: readonly FastifySchemaValidationError[],
  context: string,
): AppError {
  const part = context === 'querystring' ? 'query' : context
  const details = errors.slice(0, DETAILS_MAX).map((error) => detailOf(error, part))
  const [first] = details
  const message = first ? `${first.path}: ${first.message}.` : 'The input is not acceptable.'
  return invalidArgument(message, details)
}

/** What Fastify adds to an Error. */
interface FastifyFailure {
  readonly code?: string
  readonly statusCode?: number
  readonly validation?: readonly FastifySchemaValidationError[]
  readonly validationContext?: string
}

const KNOWN_FAILURES: ReadonlyMap<string, () => AppError> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', tooLarge],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', unsupportedMediaType],
  ['FST_ERR_CTP_EMPTY_TYPE', unsupportedMediaType],
  ['FST_ERR_CTP_INVALID_JSON_BODY', () => refused('json_malformed', 'The body is not valid JSON.')],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    () => refused('request_malformed', 'The body is not as long as its Content-Length says.'),
  ],
  ['FST_ERR_BAD_URL', () => refused('url_malformed', 'The path is not a valid URL path.')],
  ['FST_ERR_MAX_PARAM_LENGTH', routeNotFound],
  ['ECONNRESET', clientClosed],
])

/** The answer to a path that leads nowhere. */
export function routeNotFound(): AppError {
  return new AppError('NOT_FOUND', 'route_not_found', 'There is nothing here.')
}

/** What the log says of a request whose client went away before the answer. */
export function clientClosed(): AppError {
  return new AppError('CANCELLED', 'client_closed', 'The client closed the request.')
}

function tooLarge(): AppError {
  return new AppError('RESOURCE_EXHAUSTED', TOO_LARGE_REASON, 'The body is too large.')
}

function unsupportedMediaType(): AppError {
  return refused('unsupported_media_type', 'The body must be sent as application/json.')
}

function refused(reason: string, message: string): AppError {
  return new AppError('INVALID_ARGUMENT', reason, message)
}

function detailOf(error: FastifySchemaValidationError, part: string): ErrorDetail {
  const base = `${part}${error.instancePath.replaceAll('/', '.')}`
  const { missingProperty, additionalProperty, allowedValues } = error.params
  if (typeof missingProperty === 'string') {
    return { path: cut(`${base}.${missingProperty}`), message: 'is required' }
  }
  if (typeof additionalProperty === 'string') {
    return { path: cut(`${base}.${additionalProperty}`), message: 'is not a known member' }
  }
  if (Array.isArray(allowedValues)) {
    return { path: cut(base), message: `must be one of ${allowedValues.join(', ')}` }
  }
  return { path: cut(base), message: error.message ?? 'is not acceptable' }
}

function cut(path: string): string {
  return path.length <= PATH_CHARS_MAX ? path : `${path.slice(0, PATH_CHARS_MAX)}…`
}
