import {
  type DocumentNode,
  type FieldNode,
  getDirectiveValues,
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

/** How large an operation is, with fragments counted wherever they are used. */
export interface Measure {
  /** Levels of fields. */
  readonly depth: number
  /** Fields under another name. */
  readonly aliases: number
  /** Fields that the answer may have, lists at the length that these variables ask for. */
  readonly cost: (variables: Variables) => number
}

type Variables = Readonly<Record<string, unknown>>

const NOTHING: Measure = { depth: 0, aliases: 0, cost: () => 0 }

/**
 * Measures an operation of a document that is valid for the schema. Introspection counts for nothing: where it is
 * allowed it is bounded by the length of the text. Each fragment is looked at once.
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Measure {
  const fragments = new Map<string, Measure>()

  function measureFragment(name: string): Measure {
    const known = fragments.get(name)
    if (known) return known
    const definition = document.definitions.find(
      (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name,
    )
    if (definition?.kind !== Kind.FRAGMENT_DEFINITION) return NOTHING
    const type = schema.getType(definition.typeCondition.name.value)
    const measure = measureSet(definition.selectionSet, type)
    fragments.set(name, measure)
    return measure
  }

  function measureSet(
    set: SelectionSetNode | undefined,
    type: GraphQLNamedType | undefined,
  ): Measure {
    return sum(
      (set?.selections ?? []).map((selection) => {
        switch (selection.kind) {
          case Kind.FIELD:
            return measureField(selection, type)
          case Kind.FRAGMENT_SPREAD:
            return measureFragment(selection.name.value)
          case Kind.INLINE_FRAGMENT: {
            const name = selection.typeCondition?.name.value
            return measureSet(
              selection.selectionSet,
              name === undefined ? type : schema.getType(name),
            )
          }
        }
      }),
    )
  }

  function measureField(node: FieldNode, parent: GraphQLNamedType | undefined): Measure {
    if (node.name.value.startsWith('__')) return NOTHING
    const field = fieldOf(parent, node.name.value)
    const inner = measureSet(node.selectionSet, field && getNamedType(field.type))
    const sizeOf = listSize(schema, field, node)
    return {
      depth: inner.depth + 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
      cost: (variables) => 1 + sizeOf(variables) * inner.cost(variables),
    }
  }

  return measureSet(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined)
}

function sum(parts: readonly Measure[]): Measure {
  return {
    depth: Math.max(0, ...parts.map((part) => part.depth)),
    aliases: parts.reduce((total, part) => total + part.aliases, 0),
    cost: (variables) => parts.reduce((total, part) => total + part.cost(variables), 0),
  }
}

type AnyField = GraphQLField<unknown, unknown>

function fieldOf(type: GraphQLNamedType | undefined, name: string): AnyField | undefined {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
}

/** How many objects stand under a field: one, or what `@listSize` and the arguments say. */
function listSize(
  schema: GraphQLSchema,
  field: AnyField | undefined,
  node: FieldNode,
): (variables: Variables) => number {
  const directive = schema.getDirective('listSize')
  const values = directive && field?.astNode && getDirectiveValues(directive, field.astNode)
  if (!values) return () => 1
  const assumed = Number(values['assumed'])
  const slicing = (values['slicing'] ?? []) as readonly string[]
  const given = node.arguments?.find((argument) => slicing.includes(argument.name.value))?.value
  if (given?.kind === Kind.INT) return () => Math.max(0, Number(given.value))
  if (given?.kind !== Kind.VARIABLE) return () => assumed
  return (variables) => {
    const size = variables[given.name.value]
    return typeof size === 'number' ? Math.max(0, size) : assumed
  }
}
