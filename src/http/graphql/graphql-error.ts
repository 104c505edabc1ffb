import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { AppError, toAppError } from '../../errors/app-error.js'
import { ERROR_TABLE } from '../../errors/code.js'

/** A failure as it leaves: what the error table says, and nothing of its cause. */
export function formatFailure(
  thrown: unknown,
  requestId: string,
  place: Pick<GraphQLFormattedError, 'locations' | 'path'> = {},
): GraphQLFormattedError {
  const error = toAppError(thrown)
  const { details, retryAfterSeconds } = error
  return {
    message: error.message,
    ...(place.locations && { locations: place.locations }),
    ...(place.path && { path: place.path }),
    extensions: {
      code: ERROR_TABLE[error.code].graphqlCode,
      reason: error.reason,
      requestId,
      ...(details.length > 0 && {
        details: details.map(({ path, message }) => ({ path, message })),
      }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  }
}

/** The failure behind an error of the executor: what a resolver threw, or that the executor itself stumbled. */
export function failureOf(error: unknown): AppError {
  if (!(error instanceof Error)) return toAppError(error)
  if (error instanceof AppError) return error
  const { originalError } = error as Partial<GraphQLError>
  return toAppError(originalError ?? error)
}

/** An error of the executor as it leaves, with its place in the query and in the answer. */
export function formatExecutionError(error: unknown, requestId: string): GraphQLFormattedError {
  const { locations, path } = (error ?? {}) as Partial<GraphQLError>
  return formatFailure(failureOf(error), requestId, {
    ...(locations && { locations }),
    ...(path && { path: [...path] }),
  })
}

/** A query that is refused before anything of it runs: each error with its place in the text. */
export interface Refusal {
  readonly error: AppError
  readonly locations: GraphQLFormattedError['locations']
}

export function formatRefusal(
  refusals: readonly Refusal[],
  requestId: string,
): readonly GraphQLFormattedError[] {
  return refusals.map(({ error, locations }) =>
    formatFailure(error, requestId, locations ? { locations } : {}),
  )
}

/** The same for the places of the ecosystem that want instances of its own error. */
export function toGraphqlErrors(errors: readonly GraphQLFormattedError[]): GraphQLError[] {
  return errors.map(
    ({ message, extensions }) => new GraphQLError(message, { extensions: extensions ?? {} }),
  )
}

/**
 * The refusal that belongs to an error of graphql-js about the text or its variables. Values are cut off its
 * message: one of them may be a password that was put in the wrong place.
 */
export function refusalOf(error: GraphQLError, reason: string): Refusal {
  const message = withoutValues(error.message)
  return { error: new AppError('INVALID_ARGUMENT', reason, message), locations: error.locations }
}

const VARIABLE_MESSAGE = /^Variable "(\$\w+)" got invalid value/
const VALUE_MESSAGE = /^(.* cannot represent [\w- ]+: ).*$/s

function withoutValues(message: string): string {
  const variable = VARIABLE_MESSAGE.exec(message)?.[1]
  if (variable !== undefined) return `Variable "${variable}" has an invalid value.`
  const value = VALUE_MESSAGE.exec(message)?.[1]
  return value === undefined ? message : `${value}…`
}
