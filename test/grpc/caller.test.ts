import t from 'tap'
import { ANYBODY, API_KEY_SERVICE, describeCaller } from '../../src/grpc/caller.js'
import { PRINCIPAL } from './harness.js'

await t.test('describeCaller names who showed something, and no secret', async (t) => {
  t.equal(describeCaller(ANYBODY), null)
  t.equal(describeCaller(API_KEY_SERVICE), 'service:api-key')
  const user = { kind: 'user', principal: PRINCIPAL, accessToken: 'secret' } as const
  t.equal(describeCaller(user), 'user:user-1')
})
