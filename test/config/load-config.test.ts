import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  DEFAULT_CONFIG_DIR,
  type LoadConfigOptions,
  type LoadedConfig,
  loadConfig,
} from '../../src/config/load-config.js'
import { isMap } from '../../src/config/field.js'
import { CONFIG_KEYS } from '../../src/config/schema.js'
import { AppError } from '../../src/errors/app-error.js'

const PROD_KEY = { APP_API_KEY: '0123456789abcdef' }

async function load(t: Test, options: Partial<LoadConfigOptions> = {}): Promise<LoadedConfig> {
  return loadConfig({ env: {}, configDir: DEFAULT_CONFIG_DIR, cwd: t.testdirName, ...options })
}

async function refusal(t: Test, options: Partial<LoadConfigOptions>): Promise<AppError> {
  try {
    await load(t, options)
  } catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error('the configuration was accepted')
}

await t.test('loadConfig gives the defaults of common.yaml and the debug overlay', async (t) => {
  const cwd = t.testdir({})
  const { config, environment, warnings, files, sources } = await load(t, { cwd })
  t.equal(environment, 'debug')
  t.same(warnings, [])
  t.same(files, [
    join(DEFAULT_CONFIG_DIR, 'common.yaml'),
    join(DEFAULT_CONFIG_DIR, 'debug', 'common.yaml'),
  ])
  t.same(
    Object.keys(sources),
    CONFIG_KEYS.map((key) => key.path),
  )
  t.match(sources['api.key'], /debug\/common\.yaml:\d+$/)
  t.same(config, {
    dataDir: join(cwd, 'data'),
    log: { level: 'info', format: 'auto' },
    shutdown: { deadlineMs: 5000 },
    http: {
      host: '127.0.0.1',
      port: 8080,
      bodyBytesMax: 65536,
      headerBytesMax: 16384,
      requestTimeoutMs: 10000,
      connectionsMax: 10000,
      trustedProxies: [],
      allowedOrigins: [],
      secureCookies: false,
      publicOrigin: '',
      grpcAddress: '',
    },
    socket: {
      host: '127.0.0.1',
      port: 30000,
      allowedOrigins: [],
      allowedAddresses: [],
      trustedProxies: [],
      frameBytesMax: 65536,
      queueBytesMax: 1048576,
      idleTimeoutMs: 30000,
      pingIntervalMs: 10000,
      registrationTimeoutMs: 10000,
      tokenGraceMs: 25000,
      connectionsMax: 10000,
      messagesPerSecondMax: 100,
      connectionsPerAddressMax: 10000,
      connectionsPerUserMax: 100,
      subscriptionsPerConnectionMax: 128,
      clientPingSeconds: 25,
      drainWindowMs: 1000,
      rotationSeconds: 0,
    },
    realtime: {
      anonymous: false,
      recoveryMax: 300,
      positionCheckMs: 20000,
      presenceRefreshMs: 30000,
      joinLeaveThreshold: 100,
      joinLeaveWindowMs: 500,
      busyWindowMs: 5,
      subscriptionTokenSeconds: 600,
      defaults: {
        historySize: 0,
        historySeconds: 300,
        recovery: false,
        presence: false,
        joinLeave: false,
        subscribe: ['signed-in'],
        publish: [],
        delivery: 'all',
      },
      namespaces: { user: { historySize: 100, recovery: true, subscribe: ['owner'] } },
    },
    grpc: {
      ...{ host: '127.0.0.1', port: 9090, messageBytesMax: 1048576, callTimeoutMs: 5000 },
      reflection: true,
      healthAddress: '',
      tls: { certFile: '', keyFile: '', clientCaFile: '', allowedNames: [] },
      client: { caFile: '', certFile: '', keyFile: '', serverName: '' },
    },
    api: { key: 'dev-api-key' },
    auth: {
      issuer: 'gatehouse',
      audience: 'gatehouse',
      algorithm: 'RS512',
      accessTokenSeconds: 600,
      refreshReplayWindowMs: 10000,
      clockSkewSeconds: 5,
      signatureCacheMax: 10000,
      keyDir: '',
      cookieSecret: '',
    },
    signIn: { requestTimeoutMs: 5000, answerBytesMax: 1_048_576, providers: {} },
    session: {
      idleSeconds: 1209600,
      absoluteSeconds: 2592000,
      shortIdleSeconds: 86400,
      policy: 'limit',
      limit: 100,
      onLimit: 'evict-oldest',
      sweepIntervalMs: 1000,
    },
    password: {
      ...{ memoryKib: 19456, iterations: 2, parallelism: 1, concurrency: 2, queueMax: 200 },
      ...{ resetLinkSeconds: 3600, resetUrl: '' },
    },
    throttle: {
      ...{ windowSeconds: 900, accountFailuresMax: 10, clientFailuresMax: 10 },
      ...{ addressFailuresMax: 100, registrationsMax: 100, knownClientSeconds: 7_776_000 },
    },
    oauth: { clients: [] },
    store: {
      sqlite: { file: 'app.db', busyTimeoutMs: 5000, synchronous: 'normal', pollIntervalMs: 20 },
    },
    mysql: {
      url: '',
      replicaUrls: [],
      tls: false,
      tlsCaFile: '',
      tlsVerify: true,
      connectionsMax: 10,
      lifetimeMs: 1_800_000,
      idleTimeoutMs: 60_000,
      connectTimeoutMs: 1_000,
      queryTimeoutMs: 2_000,
      readYourWritesMs: 2_000,
    },
    redis: {
      url: [],
      sentinelMaster: '',
      sentinelUrl: [],
      username: '',
      password: '',
      tls: false,
      commandTimeoutMs: 1000,
      keyPrefix: 'gatehouse:',
    },
    broker: {
      ...{ surveyTimeoutMs: 500, heartbeatMs: 1000, leaseMs: 5000 },
      ...{ historyMetaLifetimeMs: 2_592_000_000, partitions: 64 },
    },
    apiDocs: { enabled: true },
    graphql: {
      introspection: true,
      graphiql: true,
      tabTokenSeconds: 86400,
      depthMax: 10,
      aliasesMax: 20,
      costMax: 5000,
      tokensMax: 2000,
      batchMax: 10,
      connectionsMax: 10000,
      operationsPerConnectionMax: 50,
      messagesPerSecondMax: 100,
      initTimeoutMs: 3000,
      keepAliveMs: 10000,
      idleTimeoutMs: 30000,
      queueBytesMax: 1048576,
      tokenGraceMs: 25000,
    },
  })
})

await t.test('every environment loads with its differences', async (t) => {
  const cwd = t.testdir({})
  const dev = await load(t, { cwd, environment: 'dev' })
  t.match(dev.config, { log: { level: 'debug' }, api: { key: 'dev-api-key' } })
  const test = await load(t, { cwd, env: { APP_ENV: 'test' } })
  t.equal(test.environment, 'test')
  t.match(test.config, { password: { memoryKib: 64, iterations: 1 } })
  const prod = await load(t, { cwd, env: { ...PROD_KEY, APP_ENV: 'prod' } })
  t.match(prod.config, {
    http: { secureCookies: true },
    apiDocs: { enabled: false },
    graphql: { introspection: false, graphiql: false },
    log: { format: 'json' },
    api: { key: PROD_KEY.APP_API_KEY },
  })
})

await t.test('the command line is over the environment, .env, overlay and defaults', async (t) => {
  const cwd = t.testdir({
    '.env': 'APP_HTTP_PORT=2\nAPP_SOCKET_PORT=3\nAPP_GRPC_PORT=4\n',
  })
  const { config, sources, files } = await load(t, {
    cwd,
    env: { APP_HTTP_PORT: '5', APP_SOCKET_PORT: '6', APP_ENV: 'prod', ...PROD_KEY },
    environment: 'debug',
    overrides: { 'http.port': 7, 'grpc.host': undefined },
  })
  t.equal(config.http.port, 7)
  t.equal(sources['http.port'], 'command line')
  t.equal(config.socket.port, 6)
  t.equal(config.grpc.port, 4)
  t.equal(sources['grpc.port'], 'APP_GRPC_PORT in .env')
  t.equal(config.grpc.host, '127.0.0.1', 'an override that is undefined is none')
  t.equal(files.at(-1), '.env')
})

await t.test('every key can be set by its variable', async (t) => {
  const cwd = t.testdir({})
  const { config } = await load(t, { cwd })
  const env: Record<string, string> = {}
  for (const { path, variable, field } of CONFIG_KEYS) {
    const value: unknown = path
      .split('.')
      .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config)
    // An entry of a map has variables of its own.
    if (value !== '' && !isMap(field)) env[variable] = String(value)
  }
  const again = await load(t, { cwd, env })
  t.same(again.config, config)
  t.same(again.warnings, [])
  for (const { path, variable } of CONFIG_KEYS) {
    const set = (env[variable] ?? '') !== ''
    if (set) t.equal(again.sources[path], variable)
  }
})

await t.test('the result is deeply frozen', async (t) => {
  const { config, sources } = await load(t, { cwd: t.testdir({}) })
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    t.ok(Object.isFrozen(value), path)
    for (const [key, child] of Object.entries(value)) walk(child, `${path}.${key}`)
  }
  walk(config, 'config')
  walk(sources, 'sources')
})

await t.test('folders are taken from the working directory', async (t) => {
  const cwd = t.testdir({})
  const env = { APP_DATA_DIR: 'state', APP_AUTH_KEY_DIR: '../keys' }
  const { config } = await load(t, { cwd, env })
  t.equal(config.dataDir, join(cwd, 'state'))
  t.equal(config.auth.keyDir, join(cwd, '../keys'))
  const absolute = await load(t, { cwd, env: { APP_DATA_DIR: '/var/lib/app' } })
  t.equal(absolute.config.dataDir, '/var/lib/app')
})

await t.test('unknown APP_ variables warn and stop nothing', async (t) => {
  const cwd = t.testdir({})
  const { warnings } = await load(t, { cwd, env: { APP_SERVICE_HOST: '10.0.0.1' } })
  t.same(warnings.length, 1)
  t.match(warnings[0], /APP_SERVICE_HOST is not known/)
})

await t.test('all problems come in one error', async (t) => {
  const cwd = t.testdir({})
  const broken = await refusal(t, {
    cwd,
    env: {
      APP_ENV: 'prod',
      APP_HTTP_PORT: 'abc',
      APP_BROKER_LEASE_MS: '2000',
      APP_SOCKET_PING_INTERVAL_MS: '30000',
      APP_API_KEY: 'dev-api-key',
      APP_HTTP_SECURE_COOKIES: 'false',
    },
  })
  t.equal(broken.code, 'INVALID_ARGUMENT')
  t.equal(broken.reason, 'config_invalid')
  t.equal(broken.message, 'The configuration is not valid: 5 problems.')
  t.same(
    broken.details.map(({ path, message }) => `${path}: ${message}`),
    [
      'http.port: expected an integer from 0 to 65535, got "abc" (APP_HTTP_PORT)',
      'broker.leaseMs: expected more than 2 times broker.heartbeatMs (1000), ' +
        'got 2000 (APP_BROKER_LEASE_MS)',
      'socket.idleTimeoutMs: expected more than socket.pingIntervalMs (30000), got 30000 ' +
        `(${join(DEFAULT_CONFIG_DIR, 'common.yaml')}:${lineOf(broken, 'socket.idleTimeoutMs')})`,
      'api.key: expected a secret of at least 16 characters in prod; set APP_API_KEY, ' +
        'got the development key (APP_API_KEY)',
      'http.secureCookies: expected true in prod, got false (APP_HTTP_SECURE_COOKIES)',
    ],
  )
})

function lineOf(error: AppError, path: string): string {
  const detail = error.details.find((candidate) => candidate.path === path)
  return /:(\d+)\)$/.exec(detail?.message ?? '')?.[1] ?? ''
}

await t.test('a single problem is in the message', async (t) => {
  const cwd = t.testdir({})
  const unknown = await refusal(t, { cwd, environment: 'staging' })
  t.equal(
    unknown.message,
    'The configuration is not valid: environment: unknown environment "staging" (command line); ' +
      'known: debug, dev, test, prod',
  )
  const variable = await refusal(t, { cwd, env: { APP_ENV: '../prod' } })
  t.match(variable.message, /unknown environment "..\/prod" \(APP_ENV\); known: debug, dev/)
})

await t.test('an unknown environment hides no other problem', async (t) => {
  const cwd = t.testdir({})
  const error = await refusal(t, { cwd, environment: 'x', env: { APP_HTTP_PORT: 'y' } })
  t.same(
    error.details.map((detail) => detail.path),
    ['environment', 'http.port'],
  )
})

await t.test('missing and broken files are named, without noise about their keys', async (t) => {
  const cwd = t.testdir({
    broken: {
      'common.yaml': 'http:\n  port: 1\n  port: 2\n',
      debug: { 'common.yaml': 'log:\n\t' },
    },
    partial: { 'common.yaml': 'http:\n', debug: {} },
  })
  const missing = await refusal(t, { cwd, configDir: join(cwd, 'nowhere') })
  t.same(missing.details, [
    { path: 'nowhere/common.yaml', message: 'cannot read the file: no such file' },
    { path: 'nowhere/debug/common.yaml', message: 'cannot read the file: no such file' },
  ])
  const broken = await refusal(t, { cwd, configDir: join(cwd, 'broken') })
  t.same(broken.details[0], {
    path: 'broken/common.yaml:3:3',
    message: 'the key port is given twice',
  })
  t.match(broken.details[1]?.path, /^broken\/debug\/common\.yaml:2:\d+$/)
  t.equal(broken.details.length, 2)
  const partial = await refusal(t, { cwd, configDir: join(cwd, 'partial') })
  t.match(partial.details[0], {
    path: 'partial/debug/common.yaml',
    message: 'cannot read the file: no such file',
  })
  t.ok(partial.details.some(({ message }) => message.startsWith('is missing')))
})

await t.test('a .env that cannot be read is named', async (t) => {
  const cwd = t.testdir({ '.env': {} })
  const error = await refusal(t, { cwd })
  t.equal(
    error.message,
    `The configuration is not valid: ${join(cwd, '.env')}: cannot read the file: it is a folder`,
  )
})

await t.test('no secret appears in an error', async (t) => {
  const cwd = t.testdir({})
  const secrets = { APP_API_KEY: 'topsecret topsecret', APP_AUTH_COOKIE_SECRET: 'hush' }
  const error = await refusal(t, { cwd, env: { ...secrets, APP_ENV: 'prod' } })
  const text = error.message + JSON.stringify(error.details)
  t.equal(error.details.length, 2)
  t.notMatch(text, /topsecret|hush/)
})
