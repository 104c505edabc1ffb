import type { ErrorDetail } from '../errors/app-error.js'
import { type Field, type Group, isMap, isSecret } from './field.js'
import { FORMATS } from './format.js'

const VALUE_CHARS_MAX = 80

/** What a field accepts, in words that follow "expected". */
export function expectationOf(field: Field | Group): string {
  switch (field.type) {
    case 'integer':
      return `an integer from ${field.minimum} to ${field.maximum}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list, each item ${expectationOf(field.items)}`
    case 'object':
      return isMap(field)
        ? `a map of names to ${expectationOf(field.additionalProperties)}`
        : `a group of keys (${Object.keys(field.properties).join(', ')})`
    case 'string':
      if ('enum' in field) return `one of ${field.enum.join(', ')}`
      return FORMATS[field.format].expectation
  }
}

/** A value as an error shows it: as JSON, cut, and never a secret. */
export function describeValue(field: Field | Group, value: unknown): string {
  if (value === undefined || value === null || value === '') return 'nothing'
  if (isSecret(field)) return 'a hidden value'
  const json = JSON.stringify(value)
  return json.length > VALUE_CHARS_MAX ? `${json.slice(0, VALUE_CHARS_MAX)}…` : json
}

/** A value that does not fit: what was expected, what is there, and where it comes from. */
export function wrongValue(problem: {
  path: string
  expected: string
  got: string
  source: string | undefined
}): ErrorDetail {
  const origin = problem.source === undefined ? '' : ` (${problem.source})`
  return {
    path: problem.path,
    message: `expected ${problem.expected}, got ${problem.got}${origin}`,
  }
}

/** The short cause of a failed file operation. */
export function describeFileError(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
  }
  return known[code] ?? (code || (thrown instanceof Error ? thrown.message : String(thrown)))
}
