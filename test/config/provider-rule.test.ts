import t from 'tap'
import type { Environment } from '../../src/config/environment.js'
import { checkProviders } from '../../src/config/provider-rule.js'
import { createLayer, putLeaf } from '../../src/config/tree.js'

const GITHUB = {
  'signIn.providers.github.clientId': 'id',
  'signIn.providers.github.clientSecret': 'secret',
}

function problemsOf(
  values: Readonly<Record<string, unknown>>,
  environment: Environment = 'debug',
  wrong: readonly string[] = [],
): string[] {
  const layer = createLayer()
  const all = { 'http.publicOrigin': '', 'signIn.providers': {}, ...values }
  for (const [path, value] of Object.entries(all)) putLeaf(layer, path, value, 'SOURCE')
  const problems = checkProviders(layer, environment, new Set(wrong))
  return problems.map(({ path, message }) => `${path}: ${message}`)
}

await t.test('no provider is no problem', async (t) => {
  t.same(problemsOf({}), [])
  t.same(problemsOf({}, 'prod'), [])
})

await t.test('a provider needs what its type needs', async (t) => {
  t.same(problemsOf(GITHUB), [])
  t.same(problemsOf({ 'signIn.providers.github.clientId': 'id' }), [
    'signIn.providers.github.clientSecret: expected the secret that github gave with the clientId; ' +
      'set APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_SECRET, got nothing',
  ])
  t.same(problemsOf({ 'signIn.providers.my-sso.clientId': 'id' }), [
    'signIn.providers.my-sso.issuer: expected the issuer of the provider; ' +
      'set APP_SIGN_IN_PROVIDERS_MY_SSO_ISSUER, got nothing',
  ])
  const sso = { 'signIn.providers.sso.clientId': 'id', 'signIn.providers.sso.issuer': 'http://x' }
  t.same(problemsOf(sso), [], 'a public client of an issuer over http, on a laptop')
  const wrong = ['signIn.providers.github.clientSecret']
  t.same(problemsOf({ 'signIn.providers.github.clientId': 'id' }, 'debug', wrong), [])
})

await t.test('prod needs https on both sides', async (t) => {
  const expected =
    'http.publicOrigin: expected an origin with https:// in prod, for the sign-in with a provider, got '
  t.same(problemsOf(GITHUB, 'prod'), [`${expected}nothing (SOURCE)`])
  const plain = { ...GITHUB, 'http.publicOrigin': 'http://app.test' }
  t.same(problemsOf(plain, 'prod'), [`${expected}"http://app.test" (SOURCE)`])
  const secure = { ...GITHUB, 'http.publicOrigin': 'https://app.test' }
  t.same(problemsOf(secure, 'prod'), [])
  t.same(problemsOf({ ...secure, 'signIn.providers.github.issuer': 'http://git.test' }, 'prod'), [
    'signIn.providers.github.issuer: expected a URL with https:// in prod, got "http://git.test" (SOURCE)',
  ])
})

await t.test('there is an end to the number of providers', async (t) => {
  const many: Record<string, string> = {}
  for (let index = 0; index <= 20; index += 1) {
    many[`signIn.providers.p${index}.clientId`] = 'id'
    many[`signIn.providers.p${index}.issuer`] = 'https://x.test'
  }
  t.same(problemsOf(many), ['signIn.providers: expected at most 20 providers, got 21 (SOURCE)'])
})
