import t from 'tap'
import { createAddressQuota, tooManyOfAddress } from '../../src/socket/address-quota.js'

await t.test('connections are counted by address', async (t) => {
  const quota = createAddressQuota(2)
  t.notOk(quota.isFull('a'))
  t.ok(quota.enter('a'))
  t.ok(quota.enter('a'))
  t.ok(quota.enter('b'))
  t.ok(quota.isFull('a'))
  t.notOk(quota.enter('a'), 'one that came at the same time as the last')
  quota.leave('a')
  t.ok(quota.isFull('a'))
  t.notOk(quota.isFull('b'))
  quota.leave('a')
  t.notOk(quota.isFull('a'))
  quota.leave('b')
  quota.leave('b')
  quota.enter('b')
  t.notOk(quota.isFull('b'))
})

await t.test('without a maximum nothing is full', async (t) => {
  const quota = createAddressQuota(0)
  t.ok(quota.enter('a'))
  t.ok(quota.enter('a'))
  t.notOk(quota.isFull('a'))
})

await t.test('a refusal says when to come again', (t) => {
  t.match(tooManyOfAddress(), {
    ...{ code: 'RESOURCE_EXHAUSTED', reason: 'too_many_connections_of_address' },
    retryAfterSeconds: 5,
  })
  t.end()
})
