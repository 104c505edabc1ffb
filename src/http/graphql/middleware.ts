import type { FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql'
import type { Logger } from '../../domain/logger.js'
import { type AppError, toAppError } from '../../errors/app-error.js'
import { ERROR_TABLE } from '../../errors/code.js'
import type { Operation } from './document-cache.js'
import {
  failureOf,
  formatExecutionError,
  formatFailure,
  formatRefusal,
  refusalOf,
} from './graphql-error.js'
import { type MutationRunnerDeps, runMutation } from './mutation-run.js'
import type { OperationContext, OperationLine } from './operation-context.js'

/** The result of an operation with the errors as they leave, and the failures behind them for the log. */
export interface OperationResult extends FormattedExecutionResult {
  readonly failures?: readonly AppError[]
}

/** What the executor gives: errors with their causes. */
export interface RawResult {
  data?: unknown
  errors?: readonly unknown[] | undefined
}

/** A step around every operation. Not calling `next` answers in its place. */
export type Middleware = (
  operation: Operation,
  context: OperationContext,
  next: () => Promise<OperationResult>,
) => Promise<OperationResult>

/** Runs the steps from the outside in, and at the end what they are around. */
export function chain(
  steps: readonly Middleware[],
  last: (operation: Operation, context: OperationContext) => Promise<OperationResult>,
): (operation: Operation, context: OperationContext) => Promise<OperationResult> {
  return steps.reduceRight<typeof last>(
    (inner, step) => (operation, context) =>
      step(operation, context, () => inner(operation, context)),
    last,
  )
}

/**
 * Says of each operation its name, how long it took, what went wrong: on the line of what it came in, or on one of
 * its own. The level is that of the worst failure. Arguments and answers never get here. `failures` goes no further.
 */
export function logOperation(logger: Logger): Middleware {
  return async (operation, context, next) => {
    const startedAt = performance.now()
    const result = await next()
    const line = toLine(operation, result.failures)
    if (context.report?.(line) !== true) {
      const { level, name, type, reasons, cause } = line
      const { principal } = context.caller()
      logger[level](
        {
          requestId: context.requestId,
          operation: name,
          type,
          latencyMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
          ...(principal && { userId: principal.userId, sessionId: principal.sessionId }),
          ...(reasons && { reasons }),
          ...(cause !== undefined && { err: cause }),
        },
        'graphql',
      )
    }
    const { failures, ...answer } = result
    return failures ? answer : result
  }
}

function toLine(operation: Operation, failures: readonly AppError[] = []): OperationLine {
  const fault = failures.find(({ code }) => ERROR_TABLE[code].logLevel === 'error')
  return {
    level: worstLevel(failures),
    name: operation.name ?? 'anonymous',
    type: operation.type,
    reasons: failures.length > 0 ? [...new Set(failures.map(({ reason }) => reason))] : null,
    // A refusal explains itself; what is our fault needs its cause.
    cause: fault && (fault.cause ?? fault),
  }
}

/** Whatever is thrown within becomes an answer: no stack, no cause, nothing of what went wrong inside. */
export const recover: Middleware = async (_operation, context, next) => {
  try {
    return await next()
  } catch (thrown) {
    const error = toAppError(thrown)
    return { data: null, errors: [formatFailure(error, context.requestId)], failures: [error] }
  }
}

/** Does the writing of a mutation in one transaction before its answer is put together. */
export function transact(deps: MutationRunnerDeps): Middleware {
  return async (operation, context, next) => {
    if (operation.type === 'mutation') {
      context.outcomes = await runMutation(deps, operation, context)
    }
    return next()
  }
}

/** A result of the executor as it leaves. */
export function toOperationResult({ data, errors }: RawResult, requestId: string): OperationResult {
  const answer: OperationResult =
    data === undefined ? {} : { data: data as Record<string, unknown> | null }
  if (!errors || errors.length === 0) return answer
  const known = errors.map((error) => explain(error, data === undefined, requestId))
  return {
    errors: known.map(({ formatted }) => formatted),
    ...answer,
    failures: known.map(({ failure }) => failure),
  }
}

/** Where the executor did not begin, variables do not fit, or the beginning of a subscription failed. */
function explain(
  error: unknown,
  isRefusal: boolean,
  requestId: string,
): { formatted: GraphQLFormattedError; failure: AppError } {
  const { message = '', path } = (error ?? {}) as Partial<GraphQLError>
  if (isRefusal && !path && message.startsWith('Variable "$')) {
    const refusal = refusalOf(error as GraphQLError, 'variables_invalid')
    const [formatted] = formatRefusal([refusal], requestId)
    if (formatted) return { formatted, failure: refusal.error }
  }
  return { formatted: formatExecutionError(error, requestId), failure: failureOf(error) }
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

function worstLevel(failures: readonly AppError[]): keyof Logger {
  if (failures.length === 0) return 'info'
  const worst = Math.max(
    LEVELS.indexOf('info'),
    ...failures.map(({ code }) => LEVELS.indexOf(ERROR_TABLE[code].logLevel)),
  )
  return LEVELS[worst] ?? 'error'
}
