import t from 'tap'
import { socketService } from '../../src/app/socket-service.js'
import { formatAddress } from '../../src/errors/listen-error.js'
import { call } from '../helpers/http-client.js'
import { openPushClient } from '../helpers/push-client.js'
import { openTestCore } from '../helpers/test-core.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('socket service registers, pushes and says goodbye', async (t) => {
  const { core, config } = await openTestCore(t)
  const service = await socketService.start(core, config, 'test', {})
  const address = formatAddress(service.address)
  const password = 'correct horse battery'
  const user = await core.accounts.register({ username: 'ada', password }, '127.0.0.1')
  const { accessToken } = await core.sessions.login(
    { login: 'ada', password, remember: false },
    { clientId: 'client', userAgent: 'test', address: '127.0.0.1' },
  )
  const client = await openPushClient(t, address, { token: accessToken, event: 'news' })
  const push = { userId: user.id, event: 'news', message: 'm'.repeat(60_000) }
  t.match(
    await call('POST', `http://${address}/push`, {
      headers: { 'x-api-key': config.api.key },
      json: push,
    }),
    { status: 200, body: { delivered: 1, processes: { asked: 1, answered: 1 } } },
  )
  await waitFor('the message', () => client.received[0] === push.message)
  t.match(await call('POST', `http://${address}/push`, { json: push }), {
    status: 401,
    body: { reason: 'api_key_invalid' },
  })
  await service.close(2000)
  t.same(await client.closed, { code: 1001, reason: 'server_shutdown' })
})
