import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { AppError } from '../../errors/app-error.js'
import { type Refusal, refusalOf } from './graphql-error.js'
import { type Measure, measureOperation } from './measure.js'
import type { OperationRequest } from './request-params.js'

const ENTRIES_MAX = 256
/** A longer text is read anew each time: what is kept is bounded by this, too. */
const KEPT_CHARS_MAX = 16_384
const VALIDATION_ERRORS_MAX = 10

/** Bounds of one operation. */
export interface DocumentLimits {
  readonly depthMax: number
  readonly aliasesMax: number
  readonly costMax: number
  /** Of the whole text. */
  readonly tokensMax: number
  /** Whether the schema may be asked for; also whether errors may suggest names of it. */
  readonly introspection: boolean
}

/** One operation of a text, read, valid and within its bounds. */
export interface Operation {
  readonly document: DocumentNode
  /** The text, in a form that names the operation where it holds several. */
  readonly source: string
  readonly definition: OperationDefinitionNode
  readonly type: `${OperationTypeNode}`
  /** As the text names it; null for an anonymous one. */
  readonly name: string | null
  readonly variables: Readonly<Record<string, unknown>>
}

export type Preparation =
  | { readonly ok: true; readonly operation: Operation }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export interface DocumentCache {
  /**
   * Reads, validates and measures the text of a request, and finds its operation. Refusals are INVALID_ARGUMENT with
   * `query_malformed`, `query_invalid`, `query_too_long`, `query_too_deep`, `query_too_many_aliases`,
   * `query_too_costly` or `operation_unknown`.
   */
  prepare(request: OperationRequest): Preparation
}

interface Known {
  readonly document: DocumentNode
  readonly refusals: readonly Refusal[]
  readonly operationCount: number
  readonly measures: Map<OperationDefinitionNode, Measure>
}

/** Remembers the texts that were used last, good and bad. */
export function createDocumentCache(schema: GraphQLSchema, limits: DocumentLimits): DocumentCache {
  const known = new Map<string, Known>()
  /** The last in the map: a text that is used again and again is not moved each time. */
  let youngest = ''

  function lookUp(source: string): Known {
    const found = known.get(source)
    if (found && source === youngest) return found
    const entry = found ?? read(schema, limits, source)
    if (source.length > KEPT_CHARS_MAX) return entry
    youngest = source
    known.delete(source)
    known.set(source, entry)
    if (known.size > ENTRIES_MAX) {
      const [oldest] = known.keys()
      if (oldest !== undefined) known.delete(oldest)
    }
    return entry
  }

  return {
    prepare({ query, operationName, variables }) {
      const entry = lookUp(query)
      if (entry.refusals.length > 0) return { ok: false, refusals: entry.refusals }
      const definition = getOperationAST(entry.document, operationName)
      if (!definition) return refuse('operation_unknown', UNKNOWN_MESSAGE)
      const measure = measureOnce(schema, entry, definition)
      const excess = findExcess(measure, limits, variables)
      if (excess) return excess
      return {
        ok: true,
        operation: {
          document: entry.document,
          // The executor keeps one program for each text, whichever operation it was first used for.
          source:
            entry.operationCount > 1 && operationName !== null
              ? `${query}\n#${operationName}`
              : query,
          definition,
          type: definition.operation,
          name: definition.name?.value ?? null,
          variables,
        },
      }
    },
  }
}

const UNKNOWN_MESSAGE = 'The text has no operation of that name, or several and no name was given.'
const NO_DOCUMENT: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] }

function read(schema: GraphQLSchema, limits: DocumentLimits, source: string): Known {
  const refused = (refusals: readonly Refusal[]): Known => ({
    document: NO_DOCUMENT,
    refusals,
    operationCount: 0,
    measures: new Map(),
  })
  let document: DocumentNode
  try {
    document = parse(source, { maxTokens: limits.tokensMax })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const isTooLong = error.message.includes('tokens. Parsing aborted')
    return refused([refusalOf(error, isTooLong ? 'query_too_long' : 'query_malformed')])
  }
  const rules = limits.introspection
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule]
  const errors = validate(schema, document, rules, {
    maxErrors: VALIDATION_ERRORS_MAX,
    hideSuggestions: !limits.introspection,
  })
  if (errors.length > 0) return refused(errors.map((error) => refusalOf(error, 'query_invalid')))
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)
  return { document, refusals: [], operationCount: operations.length, measures: new Map() }
}

function measureOnce(
  schema: GraphQLSchema,
  { document, measures }: Known,
  definition: OperationDefinitionNode,
): Measure {
  const known = measures.get(definition)
  if (known) return known
  const measure = withFixedCost(measureOperation(schema, document, definition), definition)
  measures.set(definition, measure)
  return measure
}

/** An operation without variables costs the same each time, so it is added up once. */
function withFixedCost(measure: Measure, definition: OperationDefinitionNode): Measure {
  if (definition.variableDefinitions?.length) return measure
  const cost = measure.cost({})
  return { depth: measure.depth, aliases: measure.aliases, cost: () => cost }
}

function findExcess(
  { depth, aliases, cost }: Measure,
  limits: DocumentLimits,
  variables: Readonly<Record<string, unknown>>,
): Preparation | null {
  if (depth > limits.depthMax) {
    return refuse('query_too_deep', `A query has at most ${limits.depthMax} levels.`)
  }
  if (aliases > limits.aliasesMax) {
    const message = `A query has at most ${limits.aliasesMax} aliases.`
    return refuse('query_too_many_aliases', message)
  }
  if (cost(variables) > limits.costMax) {
    const message = `A query may ask for at most ${limits.costMax} fields; take shorter lists.`
    return refuse('query_too_costly', message)
  }
  return null
}

function refuse(reason: string, message: string): Preparation {
  const error = new AppError('INVALID_ARGUMENT', reason, message)
  return { ok: false, refusals: [{ error, locations: undefined }] }
}
