import type { ErrorDetail } from '../errors/app-error.js'
import type { Environment } from './environment.js'
import { providerType } from './provider-type.js'
import { wrongValue } from './problem.js'
import { variableOf } from './schema.js'
import { isTree, type Layer, pointerOfPath, type Tree, valueAt } from './tree.js'

const PROVIDERS_PATH = 'signIn.providers'
const PUBLIC_ORIGIN_PATH = 'http.publicOrigin'
const PROVIDERS_MAX = 20
const HTTPS = 'https://'

/**
 * What a provider needs depends on its type, and everything is https in prod: over plain http a stranger on
 * the way reads the code and becomes the user. Keys that have a problem already are left alone.
 */
export function checkProviders(
  layer: Layer,
  environment: Environment | null,
  wrongPaths: ReadonlySet<string>,
): ErrorDetail[] {
  const providers = valueAt(layer.tree, PROVIDERS_PATH)
  const entries = isTree(providers) ? Object.entries(providers) : []
  const problems: ErrorDetail[] = []
  const refuse = (path: string, expected: string, got: string): void => {
    if (wrongPaths.has(path)) return
    const source = layer.sources.get(pointerOfPath(path))
    problems.push(wrongValue({ path, expected, got, source }))
  }
  if (entries.length > PROVIDERS_MAX) {
    refuse(PROVIDERS_PATH, `at most ${PROVIDERS_MAX} providers`, String(entries.length))
  }
  for (const [name, entry] of entries) {
    if (isTree(entry)) checkProvider(name, entry, environment, refuse)
  }
  if (environment === 'prod' && entries.length > 0) {
    const origin = valueAt(layer.tree, PUBLIC_ORIGIN_PATH)
    if (typeof origin === 'string' && !origin.startsWith(HTTPS)) {
      const expected = 'an origin with https:// in prod, for the sign-in with a provider'
      refuse(PUBLIC_ORIGIN_PATH, expected, origin === '' ? 'nothing' : JSON.stringify(origin))
    }
  }
  return problems
}

function checkProvider(
  name: string,
  entry: Tree,
  environment: Environment | null,
  refuse: (path: string, expected: string, got: string) => void,
): void {
  const path = (key: string): string => `${PROVIDERS_PATH}.${name}.${key}`
  const need = (key: string, what: string): void => {
    const variable = variableOf(path(key)).replaceAll('-', '_')
    refuse(path(key), `${what}; set ${variable}`, 'nothing')
  }
  const { type, issuer, clientSecret } = entry
  const kind = providerType(name, type)
  if (kind === 'oidc' && issuer === undefined) need('issuer', 'the issuer of the provider')
  if (kind !== 'oidc' && clientSecret === undefined) {
    need('clientSecret', `the secret that ${kind} gave with the clientId`)
  }
  if (environment === 'prod' && typeof issuer === 'string' && !issuer.startsWith(HTTPS)) {
    refuse(path('issuer'), 'a URL with https:// in prod', JSON.stringify(issuer))
  }
}
