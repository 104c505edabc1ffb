import type { FormattedExecutionResult } from 'graphql'
import { AppError } from '../../errors/app-error.js'
import type { GraphqlEngine } from './engine.js'
import { formatRefusal } from './graphql-error.js'
import type { OperationContext } from './operation-context.js'
import type { OperationRequest } from './request-params.js'

/** One answer, and whether the operation ran: a refusal has no data and, in the new media type, status 400. */
export interface HttpResult {
  readonly result: FormattedExecutionResult
  readonly isRefusal: boolean
  /** The status where the refusal has one of its own. */
  readonly status?: number
}

const STATUS_METHOD_NOT_ALLOWED = 405

/**
 * Runs one operation of an HTTP request. A GET changes nothing: it takes queries only (405). Never rejects.
 */
export async function runHttpOperation(
  engine: GraphqlEngine,
  context: OperationContext,
  request: OperationRequest,
  method: string,
): Promise<HttpResult> {
  const prepared = engine.prepare(request)
  if (!prepared.ok) return refusal(formatRefusal(prepared.refusals, context.requestId))
  const { operation } = prepared
  if (operation.type === 'subscription') {
    const message = 'Subscriptions need a WebSocket.'
    return refuse(context, new AppError('FAILED_PRECONDITION', SUBSCRIPTION_REASON, message))
  }
  if (method === 'GET' && operation.type === 'mutation') {
    const message = 'A GET takes queries only; send mutations with POST.'
    const error = new AppError('UNIMPLEMENTED', 'method_not_allowed', message)
    return { ...refuse(context, error), status: STATUS_METHOD_NOT_ALLOWED }
  }
  const result = await engine.run(operation, context)
  return { result, isRefusal: result.data === undefined }
}

/**
 * Runs a list of queries one after the other. A mutation in a list is refused: one request is one attempt.
 */
export async function runHttpBatch(
  engine: GraphqlEngine,
  createContext: () => OperationContext,
  requests: readonly OperationRequest[],
): Promise<readonly FormattedExecutionResult[]> {
  const results: FormattedExecutionResult[] = []
  for (const request of requests) {
    const context = createContext()
    const prepared = engine.prepare(request)
    const isMutation = prepared.ok && prepared.operation.type === 'mutation'
    const { result } = isMutation
      ? refuse(context, new AppError('INVALID_ARGUMENT', 'batch_mutation', BATCH_MESSAGE))
      : await runHttpOperation(engine, context, request, 'POST')
    results.push(result)
  }
  return results
}

const SUBSCRIPTION_REASON = 'subscription_not_supported'
const BATCH_MESSAGE = 'A list of operations holds queries only; send a mutation on its own.'

function refuse({ requestId }: OperationContext, error: AppError): HttpResult {
  return refusal(formatRefusal([{ error, locations: undefined }], requestId))
}

function refusal(errors: FormattedExecutionResult['errors']): HttpResult {
  return { result: { errors: errors ?? [] }, isRefusal: true }
}
