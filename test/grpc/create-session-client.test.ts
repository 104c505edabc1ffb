import t from 'tap'
import { createGrpcChannel } from '../../src/grpc/create-grpc-channel.js'
import { createSessionClient } from '../../src/grpc/create-session-client.js'
import { API_KEY, GOOD_TOKEN, PRINCIPAL, startServer } from './harness.js'

await t.test('session client asks about a token', async (t) => {
  const { address } = await startServer(t)
  const channel = createGrpcChannel({ address, messageBytesMax: 65_536 })
  t.teardown(() => channel.close())
  const client = createSessionClient({ channel, apiKey: API_KEY, callTimeoutMs: 20_000 })
  const { userId, role, sessionId, clientId, tokenExpiresAt } = PRINCIPAL
  t.strictSame(await client.verify(GOOD_TOKEN), {
    active: true,
    ...{ userId, role, sessionId, clientId, expiresAt: tokenExpiresAt },
  })
  t.strictSame(await client.verify('bad'), {
    active: false,
    reason: 'token_malformed',
    message: 'This is not an access token.',
  })
  const nobody = createSessionClient({ channel, apiKey: null, callTimeoutMs: 20_000 })
  await t.rejects(nobody.verify(GOOD_TOKEN), {
    code: 'UNAUTHENTICATED',
    reason: 'api_key_invalid',
  })
})
