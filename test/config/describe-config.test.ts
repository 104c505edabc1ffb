import t from 'tap'
import { parse } from 'yaml'
import { MASK, describeConfig, formatConfig } from '../../src/config/describe-config.js'
import { DEFAULT_CONFIG_DIR, loadConfig } from '../../src/config/load-config.js'
import { CONFIG_KEYS } from '../../src/config/schema.js'

const SECRETS = { APP_API_KEY: 'key-of-the-api-000', APP_AUTH_COOKIE_SECRET: 's'.repeat(40) }

await t.test('describeConfig masks every secret that is set', async (t) => {
  const cwd = t.testdir({})
  const { config } = await loadConfig({ env: SECRETS, configDir: DEFAULT_CONFIG_DIR, cwd })
  const described = describeConfig(config)
  t.match(described, { api: { key: MASK }, auth: { cookieSecret: MASK, issuer: 'gatehouse' } })
  const json = JSON.stringify(described)
  for (const secret of Object.values(SECRETS)) t.notOk(json.includes(secret))
  t.equal(config.api.key, SECRETS.APP_API_KEY, 'the configuration itself is untouched')
})

await t.test('describeConfig masks each URL that may hold a password', async (t) => {
  const { config } = await loadConfig({
    env: { APP_REDIS_URL: 'redis://ann:hunter2@a:1,redis://b:2' },
    configDir: DEFAULT_CONFIG_DIR,
    cwd: t.testdir({}),
  })
  t.match(describeConfig(config), { redis: { url: [MASK, MASK], sentinelUrl: [] } })
})

await t.test(
  'describeConfig masks the secret of a provider and leaves out what is not set',
  async (t) => {
    const { config, sources } = await loadConfig({
      env: {
        APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_ID: 'github-id',
        APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_SECRET: 'hunter2',
      },
      configDir: DEFAULT_CONFIG_DIR,
      cwd: t.testdir({}),
    })
    const providers = { github: { clientId: 'github-id', clientSecret: MASK } }
    t.same(describeConfig(config)['signIn'], { ...config.signIn, providers })
    const yaml = formatConfig(config, sources)
    t.notMatch(yaml, /hunter2/)
    t.match(parse(yaml), { signIn: { providers } })
  },
)

await t.test('describeConfig shows that a secret is not set', async (t) => {
  const cwd = t.testdir({})
  const { config } = await loadConfig({ env: {}, configDir: DEFAULT_CONFIG_DIR, cwd })
  t.match(describeConfig(config), { auth: { cookieSecret: '' }, api: { key: MASK } })
})

await t.test('formatConfig is YAML of every key with its source', async (t) => {
  const cwd = t.testdir({})
  const env = { ...SECRETS, APP_HTTP_ALLOWED_ORIGINS: 'https://a.example,https://b.example' }
  const { config, sources } = await loadConfig({ env, configDir: DEFAULT_CONFIG_DIR, cwd })
  const yaml = formatConfig(config, sources)
  t.same(parse(yaml), describeConfig(config), 'it reads back as the same')
  t.match(yaml, /^ {2}port: 8080 # .*common\.yaml:\d+$/m)
  t.match(
    yaml,
    /^ {2}allowedOrigins: \[ ?https:\/\/a\.example, https:\/\/b\.example ?\] # APP_HTTP_ALLOWED_ORIGINS$/m,
  )
  t.match(yaml, /^ {2}key: "\*{8}" # APP_API_KEY$/m)
  t.equal(yaml.match(/ # /g)?.length, CONFIG_KEYS.length)
})
