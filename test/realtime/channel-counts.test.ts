import t from 'tap'
import { createChannelCounts } from '../../src/realtime/channel-counts.js'

await t.test('outcomes of recoveries are counted apart', async (t) => {
  const counts = createChannelCounts()
  counts.addRecovery('recovered')
  counts.addRecovery('recovered')
  counts.addRecovery('lost')
  t.strictSame([counts.recoveries('recovered'), counts.recoveries('lost')], [2, 1])
})

await t.test('a write counts each of its publications for each connection', async (t) => {
  const counts = createChannelCounts()
  t.strictSame(counts.deliveries(), { written: 0, queued: 0, dropped: 0 })
  counts.addDeliveries({ written: 10, queued: 2, dropped: 1 }, 3)
  counts.addDeliveries({ written: 1, queued: 0, dropped: 0 }, 1)
  counts.addDeliveries({ written: 5, queued: 0, dropped: 0 }, 0)
  t.strictSame(counts.deliveries(), { written: 31, queued: 6, dropped: 3 })
})
