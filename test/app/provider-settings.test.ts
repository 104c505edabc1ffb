import t from 'tap'
import { providerSettingsOf } from '../../src/app/provider-settings.js'
import { testConfig } from '../helpers/app-config.js'

await t.test('a provider gets what its type brings along', async (t) => {
  const config = await testConfig(t.testdir(), {
    'signIn.providers.github.clientId': 'github-id',
    'signIn.providers.github.clientSecret': 'github-secret',
    'signIn.providers.google.clientId': 'google-id',
    'signIn.providers.google.clientSecret': 'google-secret',
    'signIn.providers.my-sso.clientId': 'sso-id',
    'signIn.providers.my-sso.issuer': 'https://login.example.com/a',
  })
  const openid = ['openid', 'profile', 'email']
  t.strictSame(providerSettingsOf(config), [
    {
      ...{ name: 'github', label: 'GitHub', type: 'github', issuer: 'https://github.com' },
      ...{ clientId: 'github-id', clientSecret: 'github-secret' },
      scopes: ['read:user', 'user:email'],
    },
    {
      ...{ name: 'google', label: 'Google', type: 'oidc', issuer: 'https://accounts.google.com' },
      ...{ clientId: 'google-id', clientSecret: 'google-secret', scopes: openid },
    },
    {
      ...{ name: 'my-sso', label: 'my-sso', type: 'oidc', issuer: 'https://login.example.com/a' },
      ...{ clientId: 'sso-id', clientSecret: null, scopes: openid },
    },
  ])
})

await t.test('a provider is what the configuration says where it does', async (t) => {
  const config = await testConfig(t.testdir(), {
    'signIn.providers.code.type': 'github',
    'signIn.providers.code.issuer': 'https://git.example.com',
    'signIn.providers.code.clientId': 'id',
    'signIn.providers.code.clientSecret': 'secret',
    'signIn.providers.code.label': 'Our code',
    'signIn.providers.code.scopes': ['read:user'],
  })
  t.strictSame(providerSettingsOf(config), [
    {
      ...{ name: 'code', label: 'Our code', type: 'github', issuer: 'https://git.example.com' },
      ...{ clientId: 'id', clientSecret: 'secret', scopes: ['read:user'] },
    },
  ])
})

await t.test('no provider is the default', async (t) => {
  t.strictSame(providerSettingsOf(await testConfig(t.testdir())), [])
})
