import t from 'tap'
import { providerType } from '../../src/config/provider-type.js'

await t.test('the type is the one that is given, else that of the name, else oidc', async (t) => {
  t.equal(providerType('github', undefined), 'github')
  t.equal(providerType('google', undefined), 'google')
  t.equal(providerType('company-sso', undefined), 'oidc')
  t.equal(providerType('code', 'github'), 'github')
  t.equal(providerType('github', 'oidc'), 'oidc')
  t.equal(providerType('github', 'nonsense'), 'oidc')
})
