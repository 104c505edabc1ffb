/** The building blocks of the configuration schema: plain JSON Schema, so that ajv and the compiler read the same object. */

import type { FormatName } from './format.js'

export interface IntegerField {
  readonly type: 'integer'
  readonly minimum: number
  readonly maximum: number
}

export interface FlagField {
  readonly type: 'boolean'
}

export interface TextField {
  readonly type: 'string'
  readonly format: FormatName
  /** Never printed: not in errors, not by `config print`. */
  readonly secret?: true
}

export interface ChoiceField<V extends string = string> {
  readonly type: 'string'
  readonly enum: readonly V[]
}

export interface ListField<I extends TextField | ChoiceField = TextField | ChoiceField> {
  readonly type: 'array'
  readonly items: I
}

/** Entries under names that the operator chooses, each a group that may leave out what is not required. */
export interface MapField<E extends Group = Group> {
  readonly type: 'object'
  readonly propertyNames: { readonly pattern: string }
  readonly additionalProperties: E
}

export type Field = IntegerField | FlagField | TextField | ChoiceField | ListField | MapField

export interface Group<P extends Fields = Fields, R extends string = string> {
  readonly type: 'object'
  readonly properties: P
  readonly required: readonly R[]
  readonly additionalProperties: false
}

export interface Fields {
  readonly [key: string]: Field | Group
}

/** The value of one entry of a map: what is not required may be absent. */
type EntryOf<P, R> = { readonly [K in keyof P & R]: ValueOf<P[K]> } & {
  readonly [K in Exclude<keyof P, R>]?: ValueOf<P[K]>
}

/** The value that a field or a group describes. */
export type ValueOf<S> = S extends { readonly additionalProperties: Group<infer P, infer R> }
  ? Readonly<Record<string, EntryOf<P, R>>>
  : S extends { readonly properties: infer P }
    ? { readonly [K in keyof P]: ValueOf<P[K]> }
    : S extends { readonly enum: readonly (infer V)[] }
      ? V
      : S extends IntegerField
        ? number
        : S extends FlagField
          ? boolean
          : S extends { readonly items: infer I }
            ? readonly ValueOf<I>[]
            : string

/** The dotted paths of all leaves, for example `http.port`. */
export type PathOf<P> = {
  [K in keyof P & string]: P[K] extends { readonly properties: infer Q } ? `${K}.${PathOf<Q>}` : K
}[keyof P & string]

export function group<const P extends Fields>(properties: P): Group<P> {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }
}

export function integer(minimum: number, maximum: number): IntegerField {
  return { type: 'integer', minimum, maximum }
}

export function flag(): FlagField {
  return { type: 'boolean' }
}

export function text(format: FormatName): TextField {
  return { type: 'string', format }
}

export function secret(format: FormatName): TextField {
  return { type: 'string', format, secret: true }
}

export function choice<const V extends string>(...values: readonly V[]): ChoiceField<V> {
  return { type: 'string', enum: values }
}

export function list(format: FormatName): ListField<TextField> {
  return { type: 'array', items: text(format) }
}

/** A list of words of a fixed set. */
export function choices<const V extends string>(
  ...values: readonly V[]
): ListField<ChoiceField<V>> {
  return { type: 'array', items: choice(...values) }
}

/** A list whose items are never printed: URLs may hold a password. */
export function secretList(format: FormatName): ListField<TextField> {
  return { type: 'array', items: secret(format) }
}

/** The names of the entries are parts of variables, routes and cookies: lower-case letters, digits, hyphens. */
const ENTRY_NAME = '^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$'

/** A map whose entries need the keys of `required` and may have the others. */
export function map<const P extends Fields, const R extends keyof P & string>(
  properties: P,
  required: readonly R[],
): MapField<Group<P, R>> {
  const entry = { type: 'object', properties, required, additionalProperties: false } as const
  return {
    type: 'object',
    propertyNames: { pattern: ENTRY_NAME },
    additionalProperties: entry,
  }
}

export function isGroup(field: Field | Group): field is Group {
  return field.type === 'object' && 'properties' in field
}

export function isMap(field: Field | Group): field is MapField {
  return field.type === 'object' && !('properties' in field)
}

export function isSecret(field: Field | Group): boolean {
  const item = field.type === 'array' ? field.items : field
  return item.type === 'string' && 'secret' in item
}
