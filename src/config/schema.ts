import {
  type Field,
  type PathOf,
  type ValueOf,
  choice,
  choices,
  flag,
  group,
  integer,
  isGroup,
  list,
  map,
  secret,
  secretList,
  text,
} from './field.js'

import { PROVIDER_TYPES } from './provider-type.js'

const PORT_MAX = 65_535
const BYTES_MAX = 1 << 30
const HOUR_MS = 3_600_000
const YEAR_SECONDS = 31_536_000
const COUNT_MAX = 10_000_000
const HISTORY_SIZE_MAX = 100_000

/** The rules of a namespace of channels. */
const NAMESPACE_RULES = {
  historySize: integer(0, HISTORY_SIZE_MAX),
  historySeconds: integer(1, YEAR_SECONDS),
  recovery: flag(),
  presence: flag(),
  joinLeave: flag(),
  subscribe: choices('anyone', 'signed-in', 'admin', 'owner', 'token'),
  publish: choices('anyone', 'signed-in', 'admin', 'owner', 'subscriber'),
  delivery: choice('all', 'droppable', 'latest'),
} as const

/**
 * Every key of the configuration and what it may hold. The defaults, with their meaning and units, stand in
 * `configs/common.yaml`; a test keeps the two in step.
 */
export const CONFIG_SCHEMA = group({
  dataDir: text('path'),
  log: group({
    level: choice('debug', 'info', 'warn', 'error', 'silent'),
    format: choice('auto', 'json', 'pretty'),
  }),
  shutdown: group({ deadlineMs: integer(1, HOUR_MS) }),
  http: group({
    host: text('host'),
    port: integer(0, PORT_MAX),
    bodyBytesMax: integer(1, BYTES_MAX),
    headerBytesMax: integer(1024, 1 << 20),
    requestTimeoutMs: integer(1, HOUR_MS),
    connectionsMax: integer(1, COUNT_MAX),
    trustedProxies: list('address-range'),
    allowedOrigins: list('origin'),
    secureCookies: flag(),
    publicOrigin: text('optional-origin'),
    grpcAddress: text('optional-host-port'),
  }),
  socket: group({
    host: text('host'),
    port: integer(0, PORT_MAX),
    allowedOrigins: list('origin'),
    allowedAddresses: list('address-pattern'),
    trustedProxies: list('address-range'),
    frameBytesMax: integer(1, BYTES_MAX),
    queueBytesMax: integer(1, BYTES_MAX),
    idleTimeoutMs: integer(1, HOUR_MS),
    pingIntervalMs: integer(1, HOUR_MS),
    registrationTimeoutMs: integer(1, HOUR_MS),
    tokenGraceMs: integer(0, HOUR_MS),
    connectionsMax: integer(1, COUNT_MAX),
    messagesPerSecondMax: integer(1, COUNT_MAX),
    connectionsPerAddressMax: integer(0, COUNT_MAX),
    connectionsPerUserMax: integer(0, COUNT_MAX),
    subscriptionsPerConnectionMax: integer(1, 100_000),
    clientPingSeconds: integer(1, 3600),
    drainWindowMs: integer(0, HOUR_MS),
    rotationSeconds: integer(0, YEAR_SECONDS),
  }),
  realtime: group({
    anonymous: flag(),
    recoveryMax: integer(1, 10_000),
    positionCheckMs: integer(1, HOUR_MS),
    presenceRefreshMs: integer(1, HOUR_MS),
    joinLeaveThreshold: integer(0, COUNT_MAX),
    joinLeaveWindowMs: integer(1, 60_000),
    busyWindowMs: integer(0, 1000),
    subscriptionTokenSeconds: integer(1, YEAR_SECONDS),
    defaults: group(NAMESPACE_RULES),
    namespaces: map(NAMESPACE_RULES, []),
  }),
  grpc: group({
    host: text('host'),
    port: integer(0, PORT_MAX),
    messageBytesMax: integer(1, BYTES_MAX),
    callTimeoutMs: integer(1, HOUR_MS),
    reflection: flag(),
    healthAddress: text('optional-host-port'),
    tls: group({
      certFile: text('optional-path'),
      keyFile: text('optional-path'),
      clientCaFile: text('optional-path'),
      allowedNames: list('name'),
    }),
    client: group({
      caFile: text('optional-path'),
      certFile: text('optional-path'),
      keyFile: text('optional-path'),
      serverName: text('optional-name'),
    }),
  }),
  api: group({ key: secret('api-key') }),
  auth: group({
    issuer: text('name'),
    audience: text('name'),
    algorithm: choice('RS512', 'RS256', 'ES256', 'EdDSA'),
    accessTokenSeconds: integer(1, YEAR_SECONDS),
    refreshReplayWindowMs: integer(0, HOUR_MS),
    clockSkewSeconds: integer(0, 300),
    signatureCacheMax: integer(0, COUNT_MAX),
    keyDir: text('optional-path'),
    cookieSecret: secret('cookie-secret'),
  }),
  signIn: group({
    requestTimeoutMs: integer(1, 60_000),
    answerBytesMax: integer(1024, 1 << 24),
    providers: map(
      {
        type: choice(...PROVIDER_TYPES),
        issuer: text('issuer'),
        clientId: text('name'),
        clientSecret: secret('name'),
        label: text('name'),
        scopes: list('scope'),
      },
      ['clientId'],
    ),
  }),
  session: group({
    idleSeconds: integer(1, 10 * YEAR_SECONDS),
    absoluteSeconds: integer(1, 10 * YEAR_SECONDS),
    shortIdleSeconds: integer(1, 10 * YEAR_SECONDS),
    policy: choice('single', 'limit', 'unlimited'),
    limit: integer(1, 1000),
    onLimit: choice('evict-oldest', 'refuse'),
    sweepIntervalMs: integer(1, HOUR_MS),
  }),
  password: group({
    memoryKib: integer(8, 1 << 22),
    iterations: integer(1, 100),
    parallelism: integer(1, 16),
    concurrency: integer(1, 64),
    queueMax: integer(0, 100_000),
    resetLinkSeconds: integer(60, 7 * 86_400),
    resetUrl: text('optional-url'),
  }),
  throttle: group({
    windowSeconds: integer(1, 86_400),
    accountFailuresMax: integer(1, COUNT_MAX),
    clientFailuresMax: integer(1, COUNT_MAX),
    addressFailuresMax: integer(1, COUNT_MAX),
    registrationsMax: integer(1, COUNT_MAX),
    knownClientSeconds: integer(1, YEAR_SECONDS),
  }),
  oauth: group({ clients: secretList('client-credentials') }),
  store: group({
    sqlite: group({
      file: text('path'),
      busyTimeoutMs: integer(0, HOUR_MS),
      synchronous: choice('normal', 'full'),
      pollIntervalMs: integer(1, 25),
    }),
  }),
  mysql: group({
    url: secret('optional-mysql-url'),
    replicaUrls: secretList('mysql-url'),
    tls: flag(),
    tlsCaFile: text('optional-path'),
    tlsVerify: flag(),
    connectionsMax: integer(1, 10_000),
    lifetimeMs: integer(1, 24 * HOUR_MS),
    idleTimeoutMs: integer(1, 24 * HOUR_MS),
    connectTimeoutMs: integer(1, HOUR_MS),
    queryTimeoutMs: integer(1, HOUR_MS),
    readYourWritesMs: integer(1000, HOUR_MS),
  }),
  redis: group({
    url: secretList('redis-url'),
    sentinelMaster: text('optional-name'),
    sentinelUrl: secretList('redis-url'),
    username: text('optional-name'),
    password: secret('optional-name'),
    tls: flag(),
    commandTimeoutMs: integer(1, HOUR_MS),
    keyPrefix: text('key-prefix'),
  }),
  broker: group({
    surveyTimeoutMs: integer(1, HOUR_MS),
    heartbeatMs: integer(1, HOUR_MS),
    leaseMs: integer(1, HOUR_MS),
    historyMetaLifetimeMs: integer(1, YEAR_SECONDS * 1000),
    partitions: integer(2, 1024),
  }),
  apiDocs: group({ enabled: flag() }),
  graphql: group({
    introspection: flag(),
    graphiql: flag(),
    tabTokenSeconds: integer(60, YEAR_SECONDS),
    depthMax: integer(1, 100),
    aliasesMax: integer(0, 1000),
    costMax: integer(1, 1_000_000),
    tokensMax: integer(1, 100_000),
    batchMax: integer(1, 100),
    connectionsMax: integer(1, COUNT_MAX),
    operationsPerConnectionMax: integer(1, 10_000),
    messagesPerSecondMax: integer(1, COUNT_MAX),
    initTimeoutMs: integer(1, HOUR_MS),
    keepAliveMs: integer(1, HOUR_MS),
    idleTimeoutMs: integer(1, HOUR_MS),
    queueBytesMax: integer(1, BYTES_MAX),
    tokenGraceMs: integer(0, HOUR_MS),
  }),
})

/** The validated, frozen configuration of one process. */
export type Config = ValueOf<typeof CONFIG_SCHEMA>

/** Dotted path of a leaf key, for example `http.port`. */
export type ConfigPath = PathOf<(typeof CONFIG_SCHEMA)['properties']>

/** One leaf key: its dotted path, the environment variable that overrides it, and its schema. */
export interface ConfigKey {
  readonly path: string
  readonly variable: string
  readonly field: Field
}

/** All leaf keys in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = leavesOf('', CONFIG_SCHEMA.properties)

/** `http.bodyBytesMax` → `APP_HTTP_BODY_BYTES_MAX`. */
export function variableOf(path: string): string {
  const words = path.replaceAll('.', '_').replace(/[A-Z]/g, (letter) => `_${letter}`)
  return `APP_${words.toUpperCase()}`
}

function leavesOf(prefix: string, properties: Parameters<typeof group>[0]): ConfigKey[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = prefix + name
    if (isGroup(field)) return leavesOf(`${path}.`, field.properties)
    return [{ path, variable: variableOf(path), field }]
  })
}
