import {
  type FieldNode,
  getArgumentValues,
  getDirectiveValues,
  getVariableValues,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  Kind,
  type SelectionNode,
} from 'graphql'
import type { TransactionRunner, Work } from '../../domain/transaction.js'
import { AppError } from '../../errors/app-error.js'
import type { Operation } from './document-cache.js'
import type { Guard } from './guard.js'
import type { OperationContext, Outcome } from './operation-context.js'

/** Fields of one operation: each may cost a password hash. */
const FIELDS_MAX = 10

type Args = Readonly<Record<string, unknown>>

/**
 * How one mutation is done. `plan` does what is slow (checks, hashes) and gives the writing, which runs in the
 * transaction of the operation. `act` cannot be undone, so it stands alone in its operation.
 */
export type MutationHandler =
  | { readonly plan: (args: Args, context: OperationContext) => Promise<Work<unknown>> }
  | { readonly act: (args: Args, context: OperationContext) => Promise<unknown> }

export interface MutationRunnerDeps {
  readonly schema: GraphQLSchema
  readonly handlers: Readonly<Record<string, MutationHandler>>
  readonly guards: ReadonlyMap<string, Guard>
  readonly transactions: TransactionRunner
}

/**
 * Does the root fields of a mutation, in order, before the executor reads the answer from what they left: first
 * every guard and everything slow, then all writes in one transaction that is opened by the first of them and
 * committed before anything is answered. One failure undoes all; the fields that did not fail themselves are null
 * in the answer with ABORTED, `rolled_back`. Never rejects.
 *
 * The transaction awaits nothing but writes: no hash, no query of the answer and no other process holds up the one
 * writer of the embedded store.
 */
export async function runMutation(
  deps: MutationRunnerDeps,
  operation: Operation,
  context: OperationContext,
): Promise<ReadonlyMap<string, Outcome>> {
  const fields = collectRootFields(deps.schema, operation)
  const refused = refuseCombination(deps, fields)
  if (refused) return new Map(fields.map(({ key }) => [key, failed(refused)]))
  const works = new Map<string, Work<unknown>>()
  for (const field of fields) {
    try {
      const handler = handlerOf(deps, field)
      deps.guards.get(field.name)?.(context, field.args(), null)
      if ('act' in handler) {
        return new Map([[field.key, done(await handler.act(field.args(), context))]])
      }
      works.set(field.key, await handler.plan(field.args(), context))
    } catch (error) {
      return allUndone(fields, field.key, error)
    }
  }
  return write(deps, fields, works)
}

async function write(
  { transactions }: MutationRunnerDeps,
  fields: readonly RootField[],
  works: ReadonlyMap<string, Work<unknown>>,
): Promise<ReadonlyMap<string, Outcome>> {
  if (works.size === 0) return new Map()
  const outcomes = new Map<string, Outcome>()
  let writing: string | null = null
  try {
    await transactions.run(async (tx) => {
      for (const [key, work] of works) {
        writing = key
        outcomes.set(key, done(await work(tx)))
      }
      writing = null
    })
    return outcomes
  } catch (error) {
    return allUndone(fields, writing, error)
  }
}

/** The field that failed says why; null: the commit itself failed, which is every field's failure. */
function allUndone(
  fields: readonly RootField[],
  failedKey: string | null,
  error: unknown,
): ReadonlyMap<string, Outcome> {
  const message = 'Nothing was changed, because another field of this operation failed.'
  const undone = new AppError('ABORTED', 'rolled_back', message)
  return new Map(
    fields.map(({ key }) => [
      key,
      failed(failedKey === null || key === failedKey ? error : undone),
    ]),
  )
}

function refuseCombination(
  deps: MutationRunnerDeps,
  fields: readonly RootField[],
): AppError | null {
  if (fields.length > FIELDS_MAX) {
    const message = `A mutation has at most ${FIELDS_MAX} fields.`
    return new AppError('INVALID_ARGUMENT', 'mutation_too_long', message)
  }
  const alone = fields.find(({ name }) => 'act' in (deps.handlers[name] ?? {}))
  if (!alone || fields.length === 1) return null
  const message = `${alone.name} cannot be undone, so it stands alone in its operation.`
  return new AppError('INVALID_ARGUMENT', 'mutation_not_combinable', message)
}

function handlerOf({ handlers }: MutationRunnerDeps, { name }: RootField): MutationHandler {
  const handler = handlers[name]
  if (handler) return handler
  throw new AppError('UNIMPLEMENTED', 'mutation_unknown', `There is no way to do ${name} yet.`)
}

interface RootField {
  /** Its name in the answer. */
  readonly key: string
  readonly name: string
  readonly args: () => Args
}

/** The root fields that the executor will ask for, in its order (GraphQL specification §6.3.2). */
function collectRootFields(schema: GraphQLSchema, operation: Operation): readonly RootField[] {
  const type = schema.getMutationType()
  const { coerced } = getVariableValues(
    schema,
    operation.definition.variableDefinitions ?? [],
    operation.variables,
  )
  // Wrong variables refuse the whole operation; the executor says how.
  if (!type || !coerced) return []
  const found = new Map<string, RootField>()
  const seen = new Set<string>()
  const visit = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      if (!isIncluded(selection, coerced)) continue
      if (selection.kind === Kind.FIELD) {
        const field = toRootField(type, selection, coerced)
        if (field && !found.has(field.key)) found.set(field.key, field)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(selection.selectionSet.selections)
      } else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value)
        visit(fragmentSelections(operation, selection.name.value))
      }
    }
  }
  visit(operation.definition.selectionSet.selections)
  return [...found.values()]
}

function toRootField(
  type: GraphQLObjectType,
  node: FieldNode,
  variables: Record<string, unknown>,
): RootField | null {
  const name = node.name.value
  const definition = type.getFields()[name]
  // `__typename` is not ours to answer.
  if (!definition) return null
  return {
    key: node.alias?.value ?? name,
    name,
    args: () => getArgumentValues(definition, node, variables),
  }
}

function isIncluded(node: SelectionNode, variables: Record<string, unknown>): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, node, variables)
  const include = getDirectiveValues(GraphQLIncludeDirective, node, variables)
  return skip?.['if'] !== true && include?.['if'] !== false
}

function fragmentSelections({ document }: Operation, name: string): readonly SelectionNode[] {
  const fragment = document.definitions.find(
    (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name,
  )
  return fragment?.kind === Kind.FRAGMENT_DEFINITION ? fragment.selectionSet.selections : []
}

function done(value: unknown): Outcome {
  return { ok: true, value }
}

function failed(error: unknown): Outcome {
  return { ok: false, error }
}
