import { join } from 'node:path'
import t from 'tap'
import { readEnvironment } from '../../src/config/read-environment.js'
import { valueAt } from '../../src/config/tree.js'

await t.test('readEnvironment gives each variable the type of its key', async (t) => {
  const { layer, warnings, problems, environment, dotenvFile } = await readEnvironment(
    {
      APP_ENV: 'dev',
      APP_HTTP_PORT: ' 8081 ',
      APP_HTTP_SECURE_COOKIES: 'true',
      APP_API_DOCS_ENABLED: '0',
      APP_HTTP_ALLOWED_ORIGINS: 'https://a.example, https://b.example,',
      APP_DATA_DIR: '/var/lib/app',
      APP_LOG_LEVEL: 'warn',
      HOME: '/root',
    },
    t.testdir({}),
  )
  t.equal(valueAt(layer.tree, 'http.port'), 8081)
  t.equal(valueAt(layer.tree, 'http.secureCookies'), true)
  t.equal(valueAt(layer.tree, 'apiDocs.enabled'), false)
  t.same(valueAt(layer.tree, 'http.allowedOrigins'), ['https://a.example', 'https://b.example'])
  t.equal(valueAt(layer.tree, 'dataDir'), '/var/lib/app')
  t.equal(valueAt(layer.tree, 'log.level'), 'warn')
  t.equal(layer.sources.get('/http/port'), 'APP_HTTP_PORT')
  t.same(environment, { value: 'dev', source: 'APP_ENV' })
  t.same(warnings, [])
  t.same(problems, [])
  t.equal(dotenvFile, null)
})

await t.test('readEnvironment leaves what does not fit for the validation to name', async (t) => {
  const { layer } = await readEnvironment(
    { APP_HTTP_PORT: '80a', APP_HTTP_SECURE_COOKIES: 'yes', APP_GRPC_PORT: '0x10' },
    t.testdir({}),
  )
  t.equal(valueAt(layer.tree, 'http.port'), '80a')
  t.equal(valueAt(layer.tree, 'http.secureCookies'), 'yes')
  t.equal(valueAt(layer.tree, 'grpc.port'), '0x10')
})

await t.test('a variable of a map names an entry and a key of it', async (t) => {
  const { layer, warnings } = await readEnvironment(
    {
      APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_ID: 'github-id',
      APP_SIGN_IN_PROVIDERS_MY_SSO_CLIENT_ID: 'sso-id',
      APP_SIGN_IN_PROVIDERS_MY_SSO_SCOPES: 'openid, email',
      APP_SIGN_IN_PROVIDERS_MY_SSO_CLIENT_KEY: 'x',
      APP_SIGN_IN_PROVIDERS_CLIENT_ID: 'no name',
      APP_SIGN_IN_PROVIDERS: 'x',
    },
    t.testdir({}),
  )
  t.equal(valueAt(layer.tree, 'signIn.providers.github.clientId'), 'github-id')
  t.equal(valueAt(layer.tree, 'signIn.providers.my-sso.clientId'), 'sso-id')
  t.same(valueAt(layer.tree, 'signIn.providers.my-sso.scopes'), ['openid', 'email'])
  t.equal(
    layer.sources.get('/signIn/providers/my-sso/clientId'),
    'APP_SIGN_IN_PROVIDERS_MY_SSO_CLIENT_ID',
  )
  const none = 'is not known and has no effect'
  t.match(warnings, [
    `the environment variable APP_SIGN_IN_PROVIDERS ${none}`,
    `the environment variable APP_SIGN_IN_PROVIDERS_CLIENT_ID ${none}`,
    `the environment variable APP_SIGN_IN_PROVIDERS_MY_SSO_CLIENT_KEY ${none}`,
  ])
})

await t.test('APP_HOST sets all three hosts unless one has its own', async (t) => {
  const { layer } = await readEnvironment(
    { APP_HOST: '0.0.0.0', APP_GRPC_HOST: '10.0.0.1' },
    t.testdir({}),
  )
  t.equal(valueAt(layer.tree, 'http.host'), '0.0.0.0')
  t.equal(valueAt(layer.tree, 'socket.host'), '0.0.0.0')
  t.equal(valueAt(layer.tree, 'grpc.host'), '10.0.0.1')
  t.equal(layer.sources.get('/http/host'), 'APP_HOST')
  t.equal(layer.sources.get('/grpc/host'), 'APP_GRPC_HOST')
})

await t.test(
  '.env fills in, the real environment wins, an empty variable is not set',
  async (t) => {
    const cwd = t.testdir({
      '.env': [
        '# comment',
        'APP_HTTP_PORT=1111',
        'APP_SOCKET_PORT="2222"',
        'APP_GRPC_PORT=3333',
        'APP_ENV=prod',
        'OTHER=1',
      ].join('\n'),
    })
    const { layer, environment, warnings, dotenvFile } = await readEnvironment(
      { APP_HTTP_PORT: '4444', APP_GRPC_PORT: '', APP_LOG_LEVEL: undefined },
      cwd,
    )
    t.equal(valueAt(layer.tree, 'http.port'), 4444)
    t.equal(layer.sources.get('/http/port'), 'APP_HTTP_PORT')
    t.equal(valueAt(layer.tree, 'socket.port'), 2222)
    t.equal(layer.sources.get('/socket/port'), 'APP_SOCKET_PORT in .env')
    t.equal(valueAt(layer.tree, 'grpc.port'), undefined)
    t.same(environment, { value: 'prod', source: 'APP_ENV in .env' })
    t.same(warnings, [])
    t.equal(dotenvFile, join(cwd, '.env'))
    t.equal(process.env['OTHER'], undefined, 'process.env is left alone')
  },
)

await t.test('unknown APP_ variables are warnings, with a hint where one is near', async (t) => {
  const { warnings } = await readEnvironment(
    { APP_HTP_PORT: '1', APP_WEATHER_REPORT_PROVIDER: 'x' },
    t.testdir({}),
  )
  t.same(warnings, [
    'the environment variable APP_HTP_PORT is not known and has no effect; ' +
      'did you mean APP_HTTP_PORT?',
    'the environment variable APP_WEATHER_REPORT_PROVIDER is not known and has no effect',
  ])
})

await t.test('a .env that cannot be read is a problem', async (t) => {
  const cwd = t.testdir({ '.env': {} })
  const { problems, dotenvFile } = await readEnvironment({}, cwd)
  t.same(problems, [{ path: join(cwd, '.env'), message: 'cannot read the file: it is a folder' }])
  t.equal(dotenvFile, null)
})
