import t from 'tap'
import { Batch } from '../../../../src/realtime/batch.js'
import { createNamespaces } from '../../../../src/realtime/namespace.js'
import { Subscription } from '../../../../src/socket/protocols/centrifuge/subscription.js'
import { OPEN_RULES } from '../../../realtime/channel-rules.js'

await t.test('a subscription passes on to its owner', async (t) => {
  const channel = createNamespaces(OPEN_RULES, { a: {} }).find('a:b')
  const calls: unknown[] = []
  const owner = {
    deliver: (batch: Batch) => {
      calls.push(batch)
      return 'written' as const
    },
    lose: (lost: Subscription) => calls.push(lost),
  }
  const options = { isServerSide: true, isPositioned: false, wantsJoinLeave: true, info: '1' }
  const subscription = new Subscription(owner, channel, { ...options, expiresAt: 5 })
  t.match(subscription, { ...options, expiresAt: 5, channel })
  const batch = new Batch('a:b', [], 'all')
  t.equal(subscription.deliver(batch), 'written')
  subscription.lose()
  t.strictSame(calls, [batch, subscription])
})
