import type { ErrorDetail } from '../errors/app-error.js'
import { type Field, type Group, isGroup, isMap, type MapField } from './field.js'
import { FORMATS } from './format.js'
import { describeValue, expectationOf, wrongValue } from './problem.js'
import { CONFIG_KEYS, CONFIG_SCHEMA, type Config } from './schema.js'
import { suggest } from './suggest.js'
import { type Layer, type Tree, isTree, pointerTo } from './tree.js'

/** One place of the configuration that is wrong. */
export interface Finding {
  /** Dotted path of the key or group that is concerned, without the index of a list item. */
  readonly path: string
  readonly detail: ErrorDetail
  /** True for a key that is nowhere given. */
  readonly missing: boolean
}

/** The result of checking every key by itself. */
export type Validation =
  | { readonly config: Config; readonly findings: readonly [] }
  | { readonly config: null; readonly findings: readonly Finding[] }

/**
 * Checks all keys against the schema and reports everything that is wrong, in one go. It walks the schema
 * itself: a process starts 70 ms sooner than with a compiled validator, and each finding knows its source.
 */
export function validateKeys({ tree, sources }: Layer): Validation {
  const findings: Finding[] = []
  checkGroup(CONFIG_SCHEMA, tree, { path: '', pointer: '' }, { sources, findings })
  if (findings.length > 0) return { config: null, findings }
  // The copy gives the groups their usual prototype back; the walk above has proved its type.
  return { config: structuredClone(tree) as unknown as Config, findings: [] }
}

/** A place in the configuration, dotted for people and as a pointer for its source. */
interface Place {
  readonly path: string
  readonly pointer: string
}

interface Walk {
  readonly sources: Layer['sources']
  readonly findings: Finding[]
}

function checkGroup(group: Group, tree: Tree, place: Place, walk: Walk): void {
  for (const key of Object.keys(tree)) {
    if (!Object.hasOwn(group.properties, key)) {
      reportUnknown(below(place, key), key, { place, group }, walk)
    }
  }
  for (const [key, field] of Object.entries(group.properties)) {
    const child = below(place, key)
    const value = tree[key]
    if (value === undefined) {
      if (group.required.includes(key)) reportMissing(field, child, walk)
    } else if (isGroup(field) && isTree(value)) checkGroup(field, value, child, walk)
    else checkValue(field, value, child, walk)
  }
}

function checkValue(field: Field | Group, value: unknown, place: Place, walk: Walk): void {
  if (isMap(field) && isTree(value)) {
    checkMap(field, value, place, walk)
  } else if (field.type === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (!accepts(field.items, item)) reportWrong(field.items, item, place, walk, `[${index}]`)
    }
  } else if (!accepts(field, value)) {
    reportWrong(field, value, place, walk)
  }
}

function checkMap(field: MapField, tree: Tree, place: Place, walk: Walk): void {
  const names = new RegExp(field.propertyNames.pattern)
  for (const [name, value] of Object.entries(tree)) {
    const child = below(place, name)
    if (!names.test(name)) reportWrongName(name, child, walk)
    else if (isTree(value)) checkGroup(field.additionalProperties, value, child, walk)
    else reportWrong(field.additionalProperties, value, child, walk)
  }
}

function accepts(field: Field | Group, value: unknown): boolean {
  switch (field.type) {
    case 'integer':
      return (
        typeof value === 'number' &&
        Number.isInteger(value) &&
        value >= field.minimum &&
        value <= field.maximum
      )
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      if (typeof value !== 'string') return false
      return 'enum' in field ? field.enum.includes(value) : FORMATS[field.format].test(value)
    case 'array':
    case 'object':
      return false
  }
}

function below(place: Place, key: string): Place {
  return {
    path: place.path === '' ? key : `${place.path}.${key}`,
    pointer: pointerTo(place.pointer, key),
  }
}

function reportMissing(field: Field | Group, { path }: Place, walk: Walk): void {
  const message = `is missing; expected ${expectationOf(field)}`
  walk.findings.push({ path, detail: { path, message }, missing: true })
}

function reportUnknown(
  { path, pointer }: Place,
  key: string,
  parent: { place: Place; group: Group },
  walk: Walk,
): void {
  const source = walk.sources.get(pointer)
  const hint = hintFor(parent.place.path, Object.keys(parent.group.properties), key)
  const message = `is not a known key${source === undefined ? '' : ` (${source})`}${hint}`
  walk.findings.push({ path, detail: { path, message }, missing: false })
}

function reportWrongName(name: string, { path, pointer }: Place, walk: Walk): void {
  const detail = wrongValue({
    path,
    expected: 'a name of lower-case letters, digits and single hyphens',
    got: JSON.stringify(name),
    source: walk.sources.get(pointer),
  })
  walk.findings.push({ path, detail, missing: false })
}

function reportWrong(
  field: Field | Group,
  value: unknown,
  { path, pointer }: Place,
  walk: Walk,
  index = '',
): void {
  const detail = wrongValue({
    path: path + index,
    expected: expectationOf(field),
    got: describeValue(field, value),
    source: walk.sources.get(pointer),
  })
  const message = detail.message + serviceLinkHint(value)
  walk.findings.push({ path, detail: { path: detail.path, message }, missing: false })
}

/** What was meant by an unknown key: a neighbour with nearly the same name, else the same name elsewhere. */
function hintFor(parent: string, neighbours: readonly string[], name: string): string {
  const prefix = parent === '' ? '' : `${parent}.`
  const paths = CONFIG_KEYS.map((key) => key.path)
  if (name.includes('.') && paths.includes(prefix + name)) {
    return '; write its parts as nested groups'
  }
  const near = suggest(name, neighbours)
  if (near !== null) return `; did you mean ${prefix}${near}?`
  const namesakes = paths.filter((path) => path.endsWith(`.${name}`) || path === name)
  return namesakes.length === 0 ? '' : `; did you mean ${namesakes.join(' or ')}?`
}

/** Kubernetes sets APP_HTTP_PORT=tcp://10.0.0.1:8080 for a service that is named app-http. */
function serviceLinkHint(value: unknown): string {
  if (typeof value !== 'string' || !/^(?:tcp|udp):\/\//.test(value)) return ''
  return '; it looks like a Kubernetes service link: set enableServiceLinks to false'
}
