import { Document, isCollection, isScalar } from 'yaml'
import { type Field, type Fields, type Group, isGroup, isMap, isSecret } from './field.js'
import { CONFIG_KEYS, CONFIG_SCHEMA, type Config } from './schema.js'

/** What stands in the place of a secret. */
export const MASK = '********'

/** A plain copy that is safe to print: every secret that is set is masked. */
export function describeConfig(config: Config): Record<string, unknown> {
  return maskGroup(CONFIG_SCHEMA.properties, { ...config })
}

/** The masked configuration as YAML, each value with its source as a comment. */
export function formatConfig(config: Config, sources: Readonly<Record<string, string>>): string {
  const document = new Document(describeConfig(config))
  for (const { path } of CONFIG_KEYS) {
    const node: unknown = document.getIn(path.split('.'), true)
    if (isCollection(node)) node.flow = true
    if (isScalar(node) || isCollection(node)) node.comment = ` ${sources[path] ?? ''}`
  }
  return document.toString({ lineWidth: 0 })
}

function maskGroup(properties: Fields, values: Record<string, unknown>): Record<string, unknown> {
  const present = Object.entries(properties).filter(([name]) => name in values)
  return Object.fromEntries(present.map(([name, field]) => [name, maskValue(field, values[name])]))
}

function maskValue(field: Field | Group, value: unknown): unknown {
  if (isGroup(field)) return maskGroup(field.properties, { ...(value as object) })
  if (isMap(field)) {
    const { properties } = field.additionalProperties
    const entries = Object.entries(value as Record<string, Record<string, unknown>>)
    return Object.fromEntries(entries.map(([name, entry]) => [name, maskGroup(properties, entry)]))
  }
  if (!isSecret(field)) return value
  if (Array.isArray(value)) return value.map(() => MASK)
  return value === '' ? value : MASK
}
