import type { GraphQLFormattedError } from 'graphql'
import { toAppError } from '../../../errors/app-error.js'
import type { Operation } from '../document-cache.js'
import type { GraphqlEngine } from '../engine.js'
import { formatFailure, formatRefusal } from '../graphql-error.js'
import type { OperationResult } from '../middleware.js'
import type { OperationContext } from '../operation-context.js'
import { readParams } from '../request-params.js'
import type { TabLine } from './tab-line.js'

/** An operation that a line has begun; `run` is called once. */
export interface StartedOperation {
  readonly ok: true
  readonly operation: Operation
  /** The one result, or the stream of them. The operation counts as under way until it has ended. */
  run(): Promise<OperationResult | AsyncIterableIterator<OperationResult>>
}

export interface RefusedOperation {
  readonly ok: false
  readonly errors: readonly GraphQLFormattedError[]
}

/** Reads the parameters of one operation of a line and admits it. Never rejects. */
export async function startOperation(
  engine: GraphqlEngine,
  line: TabLine,
  payload: unknown,
): Promise<StartedOperation | RefusedOperation> {
  let begun: { context: OperationContext; finish: () => void } | null = null
  try {
    const params = readParams(payload)
    begun = await line.begin()
    const { context, finish } = begun
    const prepared = engine.prepare(params)
    if (!prepared.ok) {
      finish()
      return { ok: false, errors: formatRefusal(prepared.refusals, context.requestId) }
    }
    const { operation } = prepared
    return { ok: true, operation, run: () => runOperation(engine, operation, context, finish) }
  } catch (thrown) {
    begun?.finish()
    return {
      ok: false,
      errors: [formatFailure(toAppError(thrown), begun?.context.requestId ?? '')],
    }
  }
}

async function runOperation(
  engine: GraphqlEngine,
  operation: Operation,
  context: OperationContext,
  finish: () => void,
): Promise<OperationResult | AsyncIterableIterator<OperationResult>> {
  if (operation.type !== 'subscription') return engine.run(operation, context).finally(finish)
  const result = await engine.subscribe(operation, context)
  if (Symbol.asyncIterator in result) return finishWith(result, finish)
  finish()
  return result
}

/** The same stream; `finish` is called when it ends, in whatever way. */
function finishWith<T>(
  stream: AsyncIterableIterator<T>,
  finish: () => void,
): AsyncIterableIterator<T> {
  const ended = async (): Promise<IteratorResult<T>> => {
    finish()
    await stream.return?.()
    return { done: true, value: undefined }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        const step = await stream.next()
        if (step.done === true) finish()
        return step
      } catch (error) {
        finish()
        throw error
      }
    },
    return: ended,
    async throw(error) {
      await ended()
      throw error
    },
  }
}
