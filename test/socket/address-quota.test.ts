import t from 'tap'
import { createAddressQuota } from '../../src/socket/address-quota.js'

await t.test('connections are counted by address', async (t) => {
  const quota = createAddressQuota(2)
  t.notOk(quota.isFull('a'))
  quota.enter('a')
  quota.enter('a')
  quota.enter('b')
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
  quota.enter('a')
  t.notOk(quota.isFull('a'))
})
