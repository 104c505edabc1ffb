import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorDetail } from '../errors/app-error.js'
import { type Field, isGroup, isMap, type MapField } from './field.js'
import { describeFileError } from './problem.js'
import { CONFIG_KEYS, variableOf } from './schema.js'
import { suggest } from './suggest.js'
import { type Layer, createLayer, putLeaf } from './tree.js'

/** Variables by name, as `process.env` is. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

const PREFIX = 'APP_'
const ENVIRONMENT_VARIABLE = 'APP_ENV'
const HOST_VARIABLE = 'APP_HOST'
const HOST_PATHS = ['http.host', 'socket.host', 'grpc.host'] as const

/** A variable that is set, and where. */
interface Variable {
  readonly value: string
  readonly source: string
}

/** What the environment and `.env` say. */
export interface EnvironmentLayer {
  readonly layer: Layer
  /** The value of APP_ENV. */
  readonly environment: Variable | undefined
  readonly warnings: readonly string[]
  readonly problems: readonly ErrorDetail[]
  /** The `.env` that was read; null when there is none. */
  readonly dotenvFile: string | null
}

/**
 * Reads `.env` in `cwd`, lays the real environment over it and translates what begins with APP_. A variable
 * that is set to nothing counts as not set, so an empty one hides its line in `.env`.
 */
export async function readEnvironment(
  env: EnvironmentVariables,
  cwd: string,
): Promise<EnvironmentLayer> {
  const dotenv = await readDotenv(join(cwd, '.env'))
  const variables = joinVariables(env, dotenv.variables)
  const layer = createLayer()
  const host = variables.get(HOST_VARIABLE)
  if (host) for (const path of HOST_PATHS) putLeaf(layer, path, host.value, host.source)

  const known = new Set([ENVIRONMENT_VARIABLE, HOST_VARIABLE])
  for (const { path, variable, field } of CONFIG_KEYS) {
    if (isMap(field)) {
      for (const name of putEntries(layer, { path, variable, field }, variables)) known.add(name)
      continue
    }
    known.add(variable)
    const set = variables.get(variable)
    if (set) putLeaf(layer, path, parseValue(field, set.value), set.source)
  }
  const unknown = [...variables.keys()].filter((name) => !known.has(name)).sort()
  return {
    layer,
    environment: variables.get(ENVIRONMENT_VARIABLE),
    warnings: unknown.map((name) => unknownVariable(name, [...known])),
    problems: dotenv.problems,
    dotenvFile: dotenv.file,
  }
}

async function readDotenv(file: string): Promise<{
  variables: Record<string, string>
  problems: readonly ErrorDetail[]
  file: string | null
}> {
  try {
    const content = await readFile(file, 'utf8')
    // Most processes have no such file and need not wait for its parser.
    const { parse } = await import('dotenv')
    return { variables: parse(content), problems: [], file }
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const message = `cannot read the file: ${describeFileError(error)}`
    return { variables: {}, problems: absent ? [] : [{ path: file, message }], file: null }
  }
}

function joinVariables(
  env: EnvironmentVariables,
  dotenv: Readonly<Record<string, string>>,
): Map<string, Variable> {
  const joined = new Map<string, Variable>()
  for (const [name, value] of Object.entries(dotenv)) {
    joined.set(name, { value, source: `${name} in .env` })
  }
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) joined.set(name, { value, source: name })
  }
  for (const [name, { value }] of joined) {
    if (!name.startsWith(PREFIX) || value === '') joined.delete(name)
  }
  return joined
}

/**
 * Translates the variables of a map: `<VARIABLE>_<NAME>_<KEY>` is a key of the entry `name`, where underscores
 * in the name stand for hyphens. Answers which variables were taken.
 */
function putEntries(
  layer: Layer,
  map: { path: string; variable: string; field: MapField },
  variables: ReadonlyMap<string, Variable>,
): string[] {
  const keys = Object.entries(map.field.additionalProperties.properties).map(([key, field]) => {
    return { key, field, suffix: variableOf(key).slice(PREFIX.length - 1) }
  })
  const taken: string[] = []
  for (const [variable, { value, source }] of variables) {
    const match = keys.find(({ suffix }) => variable.endsWith(suffix))
    if (!match || isGroup(match.field) || !variable.startsWith(`${map.variable}_`)) continue
    const name = variable.slice(map.variable.length + 1, -match.suffix.length)
    if (!/^[A-Z0-9_]+$/.test(name)) continue
    const entry = name.toLowerCase().replaceAll('_', '-')
    putLeaf(layer, `${map.path}.${entry}.${match.key}`, parseValue(match.field, value), source)
    taken.push(variable)
  }
  return taken
}

/** The text as the type of its key; unchanged when it does not fit, for the validation to name it. */
function parseValue(field: Field, text: string): unknown {
  const trimmed = text.trim()
  switch (field.type) {
    case 'integer':
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : text
    case 'boolean':
      if (trimmed === 'true' || trimmed === '1') return true
      if (trimmed === 'false' || trimmed === '0') return false
      return text
    case 'array':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    case 'string':
    case 'object':
      return text
  }
}

function unknownVariable(name: string, known: readonly string[]): string {
  const meant = suggest(name, known)
  const hint = meant === null ? '' : `; did you mean ${meant}?`
  return `the environment variable ${name} is not known and has no effect${hint}`
}
