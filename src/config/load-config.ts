import { isAbsolute, join, relative, resolve } from 'node:path'
import { AppError, type ErrorDetail } from '../errors/app-error.js'
import { PACKAGE_ROOT } from '../util/package-root.js'
import {
  DEFAULT_ENVIRONMENT,
  ENVIRONMENTS,
  type Environment,
  findEnvironment,
} from './environment.js'
import { type EnvironmentVariables, readEnvironment } from './read-environment.js'
import { readYaml } from './read-yaml.js'
import { checkRules } from './rule.js'
import { CONFIG_KEYS, type Config } from './schema.js'
import { type Layer, createLayer, mergeLayer, pointerOfPath, putLeaf } from './tree.js'
import { validateKeys } from './validate.js'

/** The folder with common.yaml and the overlays that ships with the package. */
export const DEFAULT_CONFIG_DIR = join(PACKAGE_ROOT, 'configs')

const FILE_NAME = 'common.yaml'
const COMMAND_LINE = 'command line'

export interface LoadConfigOptions {
  /** Variables by name, as `process.env` is. */
  readonly env: EnvironmentVariables
  /** The folder with `common.yaml` and one folder per environment. */
  readonly configDir: string
  /** Where `.env` lies and what relative paths start from. */
  readonly cwd: string
  /** Stronger than APP_ENV. */
  readonly environment?: string
  /** Values by dotted path, stronger than everything else. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

export interface LoadedConfig {
  /** Complete, valid and deeply frozen. `dataDir` and the paths that are given are absolute. */
  readonly config: Config
  readonly environment: Environment
  /** Things worth a look that stop nothing: APP_ variables that no key has. */
  readonly warnings: readonly string[]
  /** The files that were read, lowest first. */
  readonly files: readonly string[]
  /** Where each value comes from, by dotted path. */
  readonly sources: Readonly<Record<string, string>>
}

/**
 * Reads `common.yaml`, the overlay of the environment, `.env`, the environment and the overrides, each over
 * the one before. Raises INVALID_ARGUMENT with reason `config_invalid`, every problem in `details`.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { cwd, configDir } = options
  const variables = await readEnvironment(options.env, cwd)
  const problems: ErrorDetail[] = [...variables.problems]
  const files: string[] = []
  const layer = createLayer()

  const readInto = async (file: string): Promise<boolean> => {
    const label = labelOf(cwd, file)
    const read = await readYaml(file, label)
    problems.push(...read.problems)
    files.push(label)
    if (read.layer) mergeLayer(layer, read.layer)
    return read.layer !== null
  }
  const hasCommon = await readInto(join(configDir, FILE_NAME))
  const asked = askedEnvironment(options.environment, variables.environment)
  const environment = findEnvironment(asked.value)
  if (environment) await readInto(join(configDir, environment, FILE_NAME))
  else problems.push(unknownEnvironment(asked))
  if (variables.dotenvFile !== null) files.push(labelOf(cwd, variables.dotenvFile))
  mergeLayer(layer, variables.layer)
  mergeLayer(layer, layerOfOverrides(options.overrides ?? {}))

  const validation = validateKeys(layer)
  // Without common.yaml every key is missing; the file is the problem then, not the keys.
  const findings = validation.findings.filter((finding) => hasCommon || !finding.missing)
  problems.push(...findings.map((finding) => finding.detail))
  problems.push(...checkRules(layer, environment, new Set(findings.map((finding) => finding.path))))
  if (problems.length > 0 || !validation.config || !environment) throw configInvalid(problems)
  return {
    config: deepFreeze(withAbsolutePaths(validation.config, cwd)),
    environment,
    warnings: variables.warnings,
    files,
    sources: sourcesByPath(layer),
  }
}

interface AskedEnvironment {
  readonly value: string
  readonly source: string
}

function askedEnvironment(
  option: string | undefined,
  variable: AskedEnvironment | undefined,
): AskedEnvironment {
  if (option !== undefined) return { value: option, source: COMMAND_LINE }
  return variable ?? { value: DEFAULT_ENVIRONMENT, source: 'default' }
}

function unknownEnvironment({ value, source }: AskedEnvironment): ErrorDetail {
  const known = ENVIRONMENTS.join(', ')
  const message = `unknown environment ${JSON.stringify(value)} (${source}); known: ${known}`
  return { path: 'environment', message }
}

function configInvalid(problems: readonly ErrorDetail[]): AppError {
  const [first] = problems
  const message =
    problems.length === 1 && first
      ? `The configuration is not valid: ${first.path}: ${first.message}`
      : `The configuration is not valid: ${problems.length} problems.`
  return new AppError('INVALID_ARGUMENT', 'config_invalid', message, { details: problems })
}

function layerOfOverrides(overrides: Readonly<Record<string, unknown>>): Layer {
  const layer = createLayer()
  for (const [path, value] of Object.entries(overrides)) {
    if (value !== undefined) putLeaf(layer, path, value, COMMAND_LINE)
  }
  return layer
}

/** The file as a person in `cwd` would write it. */
function labelOf(cwd: string, file: string): string {
  const path = relative(cwd, file)
  return path.startsWith('..') || isAbsolute(path) ? resolve(cwd, file) : path
}

function withAbsolutePaths(config: Config, cwd: string): Config {
  const absolute = (path: string): string => (path === '' ? '' : resolve(cwd, path))
  const { tls, client } = config.grpc
  return {
    ...config,
    dataDir: resolve(cwd, config.dataDir),
    auth: { ...config.auth, keyDir: absolute(config.auth.keyDir) },
    grpc: {
      ...config.grpc,
      tls: {
        ...tls,
        certFile: absolute(tls.certFile),
        keyFile: absolute(tls.keyFile),
        clientCaFile: absolute(tls.clientCaFile),
      },
      client: {
        ...client,
        caFile: absolute(client.caFile),
        certFile: absolute(client.certFile),
        keyFile: absolute(client.keyFile),
      },
    },
  }
}

function sourcesByPath(layer: Layer): Record<string, string> {
  const entries = CONFIG_KEYS.map(({ path }) => {
    return [path, layer.sources.get(pointerOfPath(path)) ?? ''] as const
  })
  return Object.freeze(Object.fromEntries(entries))
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const child of Object.values(value)) deepFreeze(child)
  }
  return value
}
