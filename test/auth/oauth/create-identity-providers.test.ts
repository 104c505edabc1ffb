import t from 'tap'
import { createIdentityProviders } from '../../../src/auth/oauth/create-identity-providers.js'
import { createFakeClock } from '../../helpers/fake-clock.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { LIMITS, newRequest, settingsFor } from '../../helpers/oauth/provider-fixture.js'
import { startRogueProvider } from '../../helpers/oauth/rogue-provider.js'

await t.test('providers come in their order, each of its type, and ask nobody yet', async (t) => {
  const rogue = await startRogueProvider(t)
  const providers = createIdentityProviders({
    providers: [
      settingsFor('https://github.com', { name: 'github', label: 'GitHub', type: 'github' }),
      settingsFor(rogue.issuer),
    ],
    limits: LIMITS,
    clock: createFakeClock(),
    logger: createMemoryLogger(),
  })
  t.same(
    providers.map(({ name, label }) => [name, label]),
    [
      ['github', 'GitHub'],
      ['rogue', 'Rogue'],
    ],
  )
  t.same(rogue.asked, [])
  const [github, oidc] = await Promise.all(
    providers.map((provider) => provider.authorizationUrl(newRequest())),
  )
  t.match(github, /^https:\/\/github\.com\/login\/oauth\/authorize/)
  t.ok(oidc?.startsWith(`${rogue.issuer}/authorize`))
})
