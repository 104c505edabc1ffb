import { fastify } from 'fastify'
import { type GraphQLSchema, subscribe } from 'graphql'
import { mercurius } from 'mercurius'
import type { Logger } from '../../domain/logger.js'
import type { TransactionRunner } from '../../domain/transaction.js'
import {
  createDocumentCache,
  type DocumentLimits,
  type Operation,
  type Preparation,
} from './document-cache.js'
import {
  chain,
  logOperation,
  type OperationResult,
  type RawResult,
  recover,
  toOperationResult,
  transact,
} from './middleware.js'
import type { OperationContext, Outcome } from './operation-context.js'
import type { OperationRequest } from './request-params.js'
import { createMutationHandlers, type MutationHandlersDeps } from './resolver/mutation-handlers.js'
import { createQueryResolvers, type QueryResolversDeps } from './resolver/query-resolvers.js'
import {
  createSubscriptionResolvers,
  type SubscriptionResolversDeps,
} from './resolver/subscription-resolvers.js'
import { createTypeResolvers, type TypeResolversDeps } from './resolver/type-resolvers.js'
import { attachResolvers, mutationGuards, readSchema, type Resolver } from './schema.js'

/** Reads and runs operations, whatever transport they came over. */
export interface GraphqlEngine {
  readonly schema: GraphQLSchema
  prepare(request: OperationRequest): Preparation
  /** Runs a query or a mutation. Never rejects. */
  run(operation: Operation, context: OperationContext): Promise<OperationResult>
  /** Begins a subscription: its answers, or the one answer that says why there are none. Never rejects. */
  subscribe(
    operation: Operation,
    context: OperationContext,
  ): Promise<AsyncIterableIterator<OperationResult> | OperationResult>
  close(): Promise<void>
}

export type GraphqlEngineDeps = MutationHandlersDeps &
  QueryResolversDeps &
  SubscriptionResolversDeps &
  TypeResolversDeps & {
    readonly transactions: TransactionRunner
    readonly logger: Logger
  }

/** Compiled queries that are kept. */
const COMPILED_MAX = 256

/**
 * Loads the schema and ties everything to it. The executor is mercurius with compiled queries, on a server of its
 * own that never listens: only its cache of compiled queries is wanted of it, not its routes.
 */
export async function createGraphqlEngine(
  deps: GraphqlEngineDeps,
  limits: DocumentLimits,
): Promise<GraphqlEngine> {
  const schema = await readSchema()
  attachResolvers(
    schema,
    {
      Query: createQueryResolvers(deps),
      Mutation: outcomeResolvers(schema),
      ...createTypeResolvers(deps),
    },
    createSubscriptionResolvers(deps),
  )
  const documents = createDocumentCache(schema, limits)
  const host = fastify()
  await host.register(mercurius, {
    schema,
    routes: false,
    jit: 1,
    cache: COMPILED_MAX,
    errorFormatter: (result) => ({ statusCode: 200, response: result }),
  })
  await host.ready()

  async function execute(operation: Operation, context: OperationContext) {
    const { definition, source, name } = operation
    // Without variables in the text there is nothing to coerce.
    const variables = definition.variableDefinitions?.length ? operation.variables : undefined
    const result = await host
      .graphql(source, context as object, variables && { ...variables }, name ?? undefined)
      .catch(toVariableErrors)
    return toOperationResult(result, context.requestId)
  }

  const guards = mutationGuards(schema)
  const handlers = createMutationHandlers(deps)
  const log = logOperation(deps.logger)
  const transaction = transact({ schema, handlers, guards, transactions: deps.transactions })
  const query = chain([log, recover], execute)
  const mutate = chain([log, recover, transaction], execute)

  return {
    schema,
    prepare: (request) => documents.prepare(request),
    run: (operation, context) =>
      operation.type === 'mutation' ? mutate(operation, context) : query(operation, context),
    async subscribe(operation, context) {
      let stream: AsyncIterableIterator<RawResult> | null = null
      const begin = chain([log, recover], async () => {
        const result = await subscribe({
          schema,
          document: operation.document,
          operationName: operation.name,
          variableValues: operation.variables,
          contextValue: context,
        })
        if (!isStream(result)) return toOperationResult(result, context.requestId)
        stream = result
        return {}
      })
      const refusal = await begin(operation, context)
      return stream === null ? refusal : mapStream(stream, context.requestId)
    },
    close: () => host.close(),
  }
}

/** The mutations are done before the executor asks for them; this hands over what they left. */
function outcomeResolvers(schema: GraphQLSchema): Readonly<Record<string, Resolver>> {
  const names = Object.keys(schema.getMutationType()?.getFields() ?? {})
  const take: Resolver = (_root, _args, { outcomes }, { path }) => {
    const outcome: Outcome | undefined = outcomes.get(String(path.key))
    if (!outcome) throw new Error(`nobody did ${String(path.key)}`)
    if (!outcome.ok) throw outcome.error
    return outcome.value
  }
  return Object.fromEntries(names.map((name) => [name, take]))
}

/** What mercurius throws for variables that do not fit carries the errors themselves. */
function toVariableErrors(thrown: unknown): RawResult {
  const { errors } = thrown as { errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return { errors: errors as unknown[] }
  throw thrown
}

function isStream(value: object): value is AsyncIterableIterator<RawResult> {
  return Symbol.asyncIterator in value
}

/** The answers of a subscription as they leave; ending them ends what is behind them at once. */
function mapStream(
  stream: AsyncIterableIterator<RawResult>,
  requestId: string,
): AsyncIterableIterator<OperationResult> {
  const toResult = (result: RawResult): OperationResult => {
    const formatted = toOperationResult(result, requestId)
    return {
      ...(formatted.errors && { errors: formatted.errors }),
      data: formatted.data ?? null,
    }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const { done, value } = (await stream.next()) as IteratorResult<RawResult, undefined>
      return done === true ? { done, value: undefined } : { done: false, value: toResult(value) }
    },
    async return() {
      await stream.return?.()
      return { done: true, value: undefined }
    },
  }
}
