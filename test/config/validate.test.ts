import { join } from 'node:path'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import t from 'tap'
import { FORMATS } from '../../src/config/format.js'
import { DEFAULT_CONFIG_DIR } from '../../src/config/load-config.js'
import { readYaml } from '../../src/config/read-yaml.js'
import { CONFIG_KEYS, CONFIG_SCHEMA } from '../../src/config/schema.js'
import { type Layer, createLayer, mergeLayer, putLeaf } from '../../src/config/tree.js'
import { validateKeys } from '../../src/config/validate.js'

const common = await readYaml(join(DEFAULT_CONFIG_DIR, 'common.yaml'), 'common.yaml')

/** common.yaml under the given values. */
function layerOf(values: Readonly<Record<string, unknown>>): Layer {
  const layer = createLayer()
  if (common.layer) mergeLayer(layer, structuredClone(common.layer))
  for (const [path, value] of Object.entries(values)) putLeaf(layer, path, value, 'SOURCE')
  return layer
}

function messagesOf(values: Readonly<Record<string, unknown>>): string[] {
  return validateKeys(layerOf(values)).findings.map(
    ({ detail }) => `${detail.path}: ${detail.message}`,
  )
}

await t.test('validateKeys accepts common.yaml and gives ordinary objects', async (t) => {
  const { config, findings } = validateKeys(layerOf({ 'http.port': 1234 }))
  t.same(findings, [])
  t.equal(config?.http.port, 1234)
  t.equal(config?.store.sqlite.file, 'app.db')
  t.equal(Object.getPrototypeOf(config?.store.sqlite), Object.prototype)
})

await t.test('validateKeys lists everything that is wrong', async (t) => {
  t.same(
    messagesOf({
      'log.level': 'loud',
      'http.port': 65536,
      'http.secureCookies': 'maybe',
      'http.bodyBytesMax': null,
      'socket.allowedAddresses': ['10.*.*.*', 'ten', 3],
      'socket.trustedProxies': '10.0.0.1',
      'api.key': 'se cret',
      grpc: 3,
    }),
    [
      'log.level: expected one of debug, info, warn, error, silent, got "loud" (SOURCE)',
      'http.port: expected an integer from 0 to 65535, got 65536 (SOURCE)',
      'http.bodyBytesMax: expected an integer from 1 to 1073741824, got nothing (SOURCE)',
      'http.secureCookies: expected true or false, got "maybe" (SOURCE)',
      'socket.allowedAddresses[1]: expected an IP address, a CIDR range such as 10.0.0.0/8, ' +
        'or a pattern such as 192.168.*.*, got "ten" (SOURCE)',
      'socket.allowedAddresses[2]: expected an IP address, a CIDR range such as 10.0.0.0/8, ' +
        'or a pattern such as 192.168.*.*, got 3 (SOURCE)',
      'socket.trustedProxies: expected a list, each item an IP address or a CIDR range such as ' +
        '10.0.0.0/8, got "10.0.0.1" (SOURCE)',
      'grpc: expected a group of keys (host, port, messageBytesMax, callTimeoutMs, reflection, ' +
        'healthAddress, tls, client), got 3 (SOURCE)',
      'api.key: expected visible ASCII characters without spaces, or empty, ' +
        'got a hidden value (SOURCE)',
    ],
  )
})

await t.test('validateKeys knows the path without the index of an item', async (t) => {
  const { findings } = validateKeys(layerOf({ 'http.allowedOrigins': ['x'] }))
  t.same(
    findings.map(({ path, detail, missing }) => [path, detail.path, missing]),
    [['http.allowedOrigins', 'http.allowedOrigins[0]', false]],
  )
})

await t.test('validateKeys refuses unknown keys and says what was meant', async (t) => {
  t.same(messagesOf({ 'http.prot': 1 }), [
    'http.prot: is not a known key (SOURCE); did you mean http.port?',
  ])
  t.same(messagesOf({ logs: 1 }), ['logs: is not a known key (SOURCE); did you mean log?'])
  t.same(messagesOf({ heartbeatMs: 1 }), [
    'heartbeatMs: is not a known key (SOURCE); did you mean broker.heartbeatMs?',
  ])
  t.same(messagesOf({ 'store.file': 1 }), [
    'store.file: is not a known key (SOURCE); did you mean store.sqlite.file?',
  ])
  t.same(messagesOf({ port: 1 }), [
    'port: is not a known key (SOURCE); did you mean http.port or socket.port or grpc.port?',
  ])
  t.same(messagesOf({ banana: 'private' }), ['banana: is not a known key (SOURCE)'])
  t.same(messagesOf({ 'http.constructor': 1 }), ['http.constructor: is not a known key (SOURCE)'])
})

await t.test('validateKeys looks into every entry of a map', async (t) => {
  const github = 'signIn.providers.github'
  t.same(messagesOf({ [`${github}.clientId`]: 'id', [`${github}.scopes`]: ['read:user'] }), [])
  t.same(messagesOf({ [`${github}.clientSecret`]: 'x', [`${github}.clientld`]: 'y' }), [
    `${github}.clientld: is not a known key (SOURCE); did you mean ${github}.clientId?`,
    `${github}.clientId: is missing; expected non-empty text without control characters`,
  ])
  t.same(messagesOf({ [`${github}.clientId`]: 'id', [`${github}.clientSecret`]: 'se\ncret' }), [
    `${github}.clientSecret: expected non-empty text without control characters, ` +
      'got a hidden value (SOURCE)',
  ])
  t.same(messagesOf({ 'signIn.providers.My SSO.clientId': 'id' }), [
    'signIn.providers.My SSO: expected a name of lower-case letters, digits and single hyphens, ' +
      'got "My SSO"',
  ])
  t.match(messagesOf({ [github]: null }), [
    /: expected a group of keys \(type, issuer, .*got nothing/,
  ])
  t.match(messagesOf({ 'signIn.providers': 'x' }), [/: expected a map of names to a group/])
})

await t.test('validateKeys explains a dotted key', async (t) => {
  const layer = layerOf({})
  layer.tree['http.port'] = 1
  t.same(
    validateKeys(layer).findings.map(({ detail }) => `${detail.path}: ${detail.message}`),
    ['http.port: is not a known key; write its parts as nested groups'],
  )
})

await t.test('validateKeys lists what is missing', async (t) => {
  const layer = layerOf({ 'http.port': undefined })
  delete layer.tree['log']
  t.same(
    validateKeys(layer).findings.map(({ detail, missing }) => [
      `${detail.path}: ${detail.message}`,
      missing,
    ]),
    [
      ['log: is missing; expected a group of keys (level, format)', true],
      ['http.port: is missing; expected an integer from 0 to 65535', true],
    ],
  )
})

await t.test('validateKeys recognises the service link of Kubernetes', async (t) => {
  t.same(messagesOf({ 'http.port': 'tcp://10.96.0.10:8080' }), [
    'http.port: expected an integer from 0 to 65535, got "tcp://10.96.0.10:8080" (SOURCE); ' +
      'it looks like a Kubernetes service link: set enableServiceLinks to false',
  ])
})

await t.test('validateKeys judges as a JSON Schema validator does', async (t) => {
  const ajv = new Ajv({
    allErrors: true,
    formats: Object.fromEntries(
      Object.entries(FORMATS).map(([name, format]) => [name, format.test]),
    ),
  })
  ajv.addKeyword('secret')
  const validate = ajv.compile(CONFIG_SCHEMA)
  const value = fc.oneof(
    fc.integer({ min: -2, max: 70_000 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.string(),
    fc.constantFrom('info', 'json', 'limit', 'refuse', 'full', '10.0.0.1', 'localhost', ''),
    fc.array(fc.oneof(fc.constantFrom('10.0.0.0/8', '10.*.*.*', 'https://a.b'), fc.integer())),
    fc.dictionary(fc.string(), fc.integer()),
  )
  const place = fc.oneof(
    fc.constantFrom(...CONFIG_KEYS.map((key) => key.path)),
    fc.constantFrom('http', 'log', 'http.extra', 'extra'),
    fc.constantFrom('signIn.providers.a', 'signIn.providers.a.clientId', 'signIn.providers.A.type'),
  )
  const verdicts = new Set<boolean>()
  fc.assert(
    fc.property(fc.dictionary(place, value, { maxKeys: 3 }), (values) => {
      const layer = layerOf(values)
      const accepted = validateKeys(layer).findings.length === 0
      verdicts.add(accepted)
      return accepted === validate(layer.tree)
    }),
    { numRuns: 2000 },
  )
  t.equal(verdicts.size, 2, 'both verdicts were seen')
})
