import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  assertValidSchema,
  buildSchema,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isObjectType,
} from 'graphql'
import { PACKAGE_ROOT } from '../../util/package-root.js'
import { closedGuard, declaredGuard, type Guard } from './guard.js'
import type { OperationContext } from './operation-context.js'

const SCHEMA_FILE = join(PACKAGE_ROOT, 'assets', 'graphql', 'schema.graphql')

/** The schema as it is published, without resolvers. Rejects when the file cannot be read. */
export async function readSchema(): Promise<GraphQLSchema> {
  const schema = buildSchema(await readFile(SCHEMA_FILE, 'utf8'))
  assertValidSchema(schema)
  return schema
}

export type Resolver = GraphQLFieldResolver<never, OperationContext, never>

/** Resolvers by type and field. A field without one is the member of that name. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>

/**
 * Ties resolvers and guards to the fields of a schema. The guards of mutations are not tied here: they run before
 * anything is written, see `runMutation`. Those of subscriptions run once, at the beginning.
 * Raises a TypeError for a resolver that no field has.
 */
export function attachResolvers(
  schema: GraphQLSchema,
  resolvers: Resolvers,
  subscribers: Readonly<Record<string, Resolver>>,
): void {
  const mutation = schema.getMutationType()
  const subscription = schema.getSubscriptionType()
  checkNames(schema, { ...resolvers, [subscription?.name ?? '']: subscribers })
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const resolve = resolvers[type.name]?.[field.name] as AnyResolver | undefined
      const guard = declaredGuard(schema, field)
      if (type === subscription) {
        const subscribe = subscribers[field.name] as AnyResolver | undefined
        if (!subscribe) throw new TypeError(`nobody feeds ${type.name}.${field.name}`)
        field.subscribe = guard ? guarded(guard, subscribe) : subscribe
      } else if (guard && type !== mutation) {
        field.resolve = guarded(guard, resolve ?? defaultFieldResolver)
      } else if (resolve) {
        field.resolve = resolve
      }
    }
  }
}

/** The guard of each mutation, by name: what declares none is closed. */
export function mutationGuards(schema: GraphQLSchema): ReadonlyMap<string, Guard> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  return new Map(fields.map((field) => [field.name, declaredGuard(schema, field) ?? closedGuard]))
}

type AnyResolver = GraphQLFieldResolver<unknown, OperationContext>

function guarded(guard: Guard, resolve: AnyResolver): AnyResolver {
  return (source, args, context, info) => {
    guard(context, args as Readonly<Record<string, unknown>>, source)
    return resolve(source, args, context, info)
  }
}

function checkNames(schema: GraphQLSchema, resolvers: Resolvers): void {
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName)
    const known = isObjectType(type) ? type.getFields() : {}
    const unknown = Object.keys(fields).find((name) => !known[name])
    if (unknown !== undefined) throw new TypeError(`there is no field ${typeName}.${unknown}`)
  }
}
