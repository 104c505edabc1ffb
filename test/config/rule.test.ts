import t from 'tap'
import { COMPARISONS, checkRules } from '../../src/config/rule.js'
import { CONFIG_KEYS } from '../../src/config/schema.js'
import { type Layer, createLayer, putLeaf } from '../../src/config/tree.js'

const NONE: ReadonlySet<string> = new Set()

function layerOf(values: Readonly<Record<string, unknown>>): Layer {
  const layer = createLayer()
  for (const [path, value] of Object.entries(values)) putLeaf(layer, path, value, 'SOURCE')
  return layer
}

await t.test('the comparisons are about integers of the schema', async (t) => {
  const integers = CONFIG_KEYS.filter((key) => key.field.type === 'integer').map((key) => key.path)
  for (const { path, than } of COMPARISONS) {
    t.ok(integers.includes(path), path)
    t.ok(integers.includes(than), than)
  }
})

await t.test('each comparison holds from its limit on and fails below', async (t) => {
  for (const { path, relation, times, than } of COMPARISONS) {
    const least = relation === 'more than' ? 100 * times + 1 : 100 * times
    t.same(checkRules(layerOf({ [path]: least, [than]: 100 }), 'debug', NONE), [])
    const [problem, ...more] = checkRules(
      layerOf({ [path]: least - 1, [than]: 100 }),
      'debug',
      NONE,
    )
    t.same(more, [])
    t.equal(problem?.path, path)
    const factor = times === 1 ? '' : `${times} times `
    t.equal(
      problem?.message,
      `expected ${relation} ${factor}${than} (100), got ${least - 1} (SOURCE)`,
    )
  }
})

await t.test('keys that are wrong or absent are left alone', async (t) => {
  const layer = layerOf({ 'broker.leaseMs': 1, 'broker.heartbeatMs': 100 })
  t.same(checkRules(layer, 'debug', new Set(['broker.leaseMs'])), [])
  t.same(checkRules(layer, 'debug', new Set(['broker.heartbeatMs'])), [])
  t.same(checkRules(layerOf({ 'broker.leaseMs': 1 }), 'prod', NONE), [])
})

await t.test('prod refuses a development secret and insecure cookies', async (t) => {
  const check = (key: string, secureCookies: boolean, wrong = NONE): string[] =>
    checkRules(layerOf({ 'api.key': key, 'http.secureCookies': secureCookies }), 'prod', wrong).map(
      (problem) => `${problem.path}: ${problem.message}`,
    )
  const expected = 'api.key: expected a secret of at least 16 characters in prod; set APP_API_KEY'
  t.same(check('0123456789abcdef', true), [])
  t.same(check('dev-api-key', true), [`${expected}, got the development key (SOURCE)`])
  t.same(check('0123456789abcde', true), [`${expected}, got a shorter one (SOURCE)`])
  t.same(check('', false), [
    `${expected}, got nothing (SOURCE)`,
    'http.secureCookies: expected true in prod, got false (SOURCE)',
  ])
  t.same(check('', false, new Set(['api.key', 'http.secureCookies'])), [])
})

await t.test('a MySQL wants a Redis beside it, and replicas want a primary', async (t) => {
  const check = (values: Readonly<Record<string, unknown>>, wrong = NONE): string[] =>
    checkRules(layerOf(values), 'debug', wrong).map(({ path, message }) => `${path}: ${message}`)
  const url = 'mysql://app:hunter2@db/house'
  t.same(check({ 'mysql.url': '', 'mysql.replicaUrls': [], 'redis.url': [] }), [])
  t.same(check({ 'mysql.url': url, 'redis.url': ['redis://a'] }), [])
  t.same(check({ 'mysql.url': url, 'redis.url': [], 'redis.sentinelUrl': ['redis://a'] }), [])
  const alone = check({ 'mysql.url': url, 'redis.url': [], 'redis.sentinelUrl': [] })
  t.match(alone, [/^redis\.url: expected a Redis for the sessions.*APP_REDIS_URL.*, got nothing/])
  t.equal(alone.length, 1)
  t.notMatch(alone.join(), /hunter2/)
  t.match(check({ 'mysql.url': '', 'mysql.replicaUrls': [url] }), [
    /^mysql\.url: expected the primary of mysql\.replicaUrls; set APP_MYSQL_URL, got nothing/,
  ])
  t.same(check({ 'mysql.url': url, 'redis.url': [] }, new Set(['redis.url'])), [])
})

await t.test('the other environments take both', async (t) => {
  const layer = layerOf({ 'api.key': 'dev-api-key', 'http.secureCookies': false })
  for (const environment of ['debug', 'dev', 'test', null] as const) {
    t.same(checkRules(layer, environment, NONE), [])
  }
})
