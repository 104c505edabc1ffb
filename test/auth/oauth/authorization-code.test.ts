import t from 'tap'
import {
  authorizationUrlOf,
  configure,
  fetchFor,
  isPlainHttp,
  loadClient,
} from '../../../src/auth/oauth/authorization-code.js'
import { LIMITS, newRequest, settingsFor } from '../../helpers/oauth/provider-fixture.js'

const issuer = 'https://login.example.com'

async function urlFor(endpoint: string | undefined, at = issuer): Promise<string> {
  const client = await loadClient()
  const settings = settingsFor(at)
  const metadata = {
    issuer: at,
    ...(endpoint === undefined ? {} : { authorization_endpoint: endpoint }),
  }
  const config = configure(client, settings, metadata, fetchFor(settings, LIMITS))
  return authorizationUrlOf(client, config, settings, newRequest())
}

await t.test('the address is that of the provider, over https', async (t) => {
  t.match(
    await urlFor(`${issuer}/authorize?tenant=1`),
    /^https:\/\/login\.example\.com\/authorize\?tenant=1&/,
  )
  const refused = { code: 'FAILED_PRECONDITION', reason: 'provider_misconfigured' }
  for (const endpoint of [
    'http://login.example.com/',
    'javascript:alert(1)',
    '//x',
    '',
    undefined,
  ]) {
    await t.rejects(urlFor(endpoint), refused, String(endpoint))
  }
})

await t.test('plain http is for an issuer that is configured with it', async (t) => {
  t.equal(isPlainHttp(settingsFor('http://127.0.0.1')), true)
  t.equal(isPlainHttp(settingsFor(issuer)), false)
  t.match(await urlFor('http://127.0.0.1/a', 'http://127.0.0.1'), /^http:\/\/127\.0\.0\.1\/a\?/)
  t.match(await urlFor('https://x.test/a', 'http://127.0.0.1'), /^https:\/\/x\.test/)
})
