import t from 'tap'
import { toSignInWaysJson } from '../../../src/http/schemas/provider-schema.js'

await t.test(
  'the ways to sign in show instants as RFC 3339, and no id of a provider',
  async (t) => {
    const linkedAt = Date.UTC(2026, 0, 1)
    const identity = { provider: 'github', label: 'GitHub', linkedAt, providerId: '7' }
    t.same(toSignInWaysJson({ identities: [identity], hasPassword: true }), {
      identities: [{ provider: 'github', label: 'GitHub', linkedAt: '2026-01-01T00:00:00.000Z' }],
      hasPassword: true,
    })
  },
)
