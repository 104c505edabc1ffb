import t from 'tap'
import { grpcService } from '../../src/app/grpc-service.js'
import { formatAddress } from '../../src/errors/listen-error.js'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { openTestCore } from '../helpers/test-core.js'

await t.test('grpc service greets, verifies for siblings only, and closes', async (t) => {
  const { core, config } = await openTestCore(t)
  const service = await grpcService.start(core, config, 'test', {})
  const address = formatAddress(service.address)
  t.same(await openGrpcClient(t, address, 'hello', null)('SayHello', { id: 1 }), {
    id: 1,
    name: 'hello world',
  })
  const verify = openGrpcClient(t, address, 'session', config.api.key)
  t.match(await verify('Verify', { access_token: 'nonsense' }), {
    active: false,
    reason: 'token_malformed',
  })
  await t.rejects(openGrpcClient(t, address, 'session', 'wrong')('Verify', {}), { code: 16 })
  await service.close(1000)
  await t.rejects(verify('Verify', {}), { code: 14 })
})
