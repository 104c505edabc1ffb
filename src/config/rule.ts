import type { ErrorDetail } from '../errors/app-error.js'
import type { Environment } from './environment.js'
import { checkProviders } from './provider-rule.js'
import { wrongValue } from './problem.js'
import type { ConfigPath } from './schema.js'
import { isLoopback } from '../util/loopback.js'
import { type Layer, pointerOfPath, valueAt } from './tree.js'

const DEVELOPMENT_API_KEY = 'dev-api-key'
const API_KEY_CHARS_MIN = 16

/** `path` must be more than, or at least, `times` the value of `than`. */
interface Comparison {
  readonly path: ConfigPath
  readonly relation: 'more than' | 'at least'
  readonly times: number
  readonly than: ConfigPath
}

/**
 * The rules between two keys: a lease outlives two missed heartbeats; a ping comes before the idle limit; no
 * idle limit outlasts the session; one frame fits the queue; connections are sent away in half of the time to stop; argon2 needs 8 KiB a lane (RFC 9106 §3.1).
 */
export const COMPARISONS: readonly Comparison[] = [
  { path: 'broker.leaseMs', relation: 'more than', times: 2, than: 'broker.heartbeatMs' },
  { path: 'socket.idleTimeoutMs', relation: 'more than', times: 1, than: 'socket.pingIntervalMs' },
  { path: 'socket.queueBytesMax', relation: 'at least', times: 1, than: 'socket.frameBytesMax' },
  { path: 'shutdown.deadlineMs', relation: 'at least', times: 2, than: 'socket.drainWindowMs' },
  { path: 'session.absoluteSeconds', relation: 'at least', times: 1, than: 'session.idleSeconds' },
  {
    path: 'session.absoluteSeconds',
    relation: 'at least',
    times: 1,
    than: 'session.shortIdleSeconds',
  },
  { path: 'graphql.idleTimeoutMs', relation: 'more than', times: 1, than: 'graphql.keepAliveMs' },
  { path: 'graphql.queueBytesMax', relation: 'at least', times: 1, than: 'http.bodyBytesMax' },
  { path: 'password.memoryKib', relation: 'at least', times: 8, than: 'password.parallelism' },
]

/** Keys that make sense only together with another one. */
export const PAIRS: readonly { readonly path: ConfigPath; readonly needs: ConfigPath }[] = [
  { path: 'grpc.tls.certFile', needs: 'grpc.tls.keyFile' },
  { path: 'grpc.tls.keyFile', needs: 'grpc.tls.certFile' },
  { path: 'grpc.tls.clientCaFile', needs: 'grpc.tls.certFile' },
  { path: 'grpc.tls.allowedNames', needs: 'grpc.tls.clientCaFile' },
  { path: 'grpc.client.certFile', needs: 'grpc.client.keyFile' },
  { path: 'grpc.client.keyFile', needs: 'grpc.client.certFile' },
]

/** Checks what no single key can tell. Keys that have a problem already are left alone. */
export function checkRules(
  layer: Layer,
  environment: Environment | null,
  wrongPaths: ReadonlySet<string>,
): ErrorDetail[] {
  const problems = COMPARISONS.filter(
    ({ path, than }) => !wrongPaths.has(path) && !wrongPaths.has(than),
  ).flatMap((comparison) => compare(layer, comparison))
  problems.push(
    ...checkStores(layer, wrongPaths),
    ...checkPairs(layer, wrongPaths),
    ...checkHealthAddress(layer, wrongPaths),
    ...checkProviders(layer, environment, wrongPaths),
  )
  if (environment !== 'prod') return problems
  return [...problems, ...checkProduction(layer, wrongPaths)]
}

function compare(layer: Layer, { path, relation, times, than }: Comparison): ErrorDetail[] {
  const value = valueAt(layer.tree, path)
  const other = valueAt(layer.tree, than)
  if (typeof value !== 'number' || typeof other !== 'number') return []
  const limit = other * times
  if (relation === 'more than' ? value > limit : value >= limit) return []
  const factor = times === 1 ? '' : `${times} times `
  return [
    wrongValue({
      path,
      expected: `${relation} ${factor}${than} (${other})`,
      got: String(value),
      source: layer.sources.get(pointerOfPath(path)),
    }),
  ]
}

/**
 * With accounts on a server, processes run on several machines: sessions in a file of each machine would be
 * ended on one of them only, without a word.
 */
function checkStores(layer: Layer, wrongPaths: ReadonlySet<string>): ErrorDetail[] {
  const problems: ErrorDetail[] = []
  const demand = (path: ConfigPath, expected: string): void => {
    if (wrongPaths.has(path)) return
    problems.push(wrongValue({ path, expected, got: 'nothing', source: undefined }))
  }
  const isSet = (path: ConfigPath): boolean => isGiven(layer, path)
  if (isSet('mysql.url') && !isSet('redis.url') && !isSet('redis.sentinelUrl')) {
    demand(
      'redis.url',
      'a Redis for the sessions, since mysql.url is set; set APP_REDIS_URL (or APP_REDIS_SENTINEL_URL)',
    )
  }
  if (isSet('mysql.replicaUrls') && !isSet('mysql.url')) {
    demand('mysql.url', 'the primary of mysql.replicaUrls; set APP_MYSQL_URL')
  }
  return problems
}

function isGiven(layer: Layer, path: ConfigPath): boolean {
  const value = valueAt(layer.tree, path)
  return Array.isArray(value) ? value.length > 0 : value !== '' && value !== undefined
}

function checkPairs(layer: Layer, wrongPaths: ReadonlySet<string>): ErrorDetail[] {
  return PAIRS.filter(({ path, needs }) => {
    const isComparable = !wrongPaths.has(path) && !wrongPaths.has(needs)
    return isComparable && isGiven(layer, path) && !isGiven(layer, needs)
  }).map(({ path, needs }) =>
    wrongValue({
      path: needs,
      expected: `a value, because ${path} is given`,
      got: 'nothing',
      source: layer.sources.get(pointerOfPath(needs)),
    }),
  )
}

/** The plain line for probes must not leave the machine. */
function checkHealthAddress(layer: Layer, wrongPaths: ReadonlySet<string>): ErrorDetail[] {
  const path = 'grpc.healthAddress'
  const address = valueAt(layer.tree, path)
  if (wrongPaths.has(path) || typeof address !== 'string' || address === '') return []
  if (isLoopback(address.slice(0, address.lastIndexOf(':')))) return []
  const source = layer.sources.get(pointerOfPath(path))
  return [wrongValue({ path, expected: 'an address of this machine', got: address, source })]
}

function checkProduction(layer: Layer, wrongPaths: ReadonlySet<string>): ErrorDetail[] {
  const problems: ErrorDetail[] = []
  const refuse = (path: ConfigPath, expected: string, got: string): void => {
    if (wrongPaths.has(path)) return
    const source = layer.sources.get(pointerOfPath(path))
    problems.push(wrongValue({ path, expected, got, source }))
  }
  const key = valueAt(layer.tree, 'api.key')
  if (typeof key === 'string' && key.length < API_KEY_CHARS_MIN) {
    const got =
      key === '' ? 'nothing' : key === DEVELOPMENT_API_KEY ? 'the development key' : 'a shorter one'
    refuse(
      'api.key',
      `a secret of at least ${API_KEY_CHARS_MIN} characters in prod; set APP_API_KEY`,
      got,
    )
  }
  if (valueAt(layer.tree, 'http.secureCookies') === false) {
    refuse('http.secureCookies', 'true in prod', 'false')
  }
  return problems
}
